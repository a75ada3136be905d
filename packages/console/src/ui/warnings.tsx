/** What is probably a mistake. */
import type { JSX } from "preact";
import type { Warning } from "../protocol/messages.ts";
import { parseFilter, WARNING } from "./filter.ts";
import { ResourceLink, TaskLink } from "./parts.tsx";
import { state, tick } from "./program.ts";
import { filter } from "./view.ts";

export function WarningsView(): JSX.Element {
  void tick.value;
  const matches = parseFilter(filter.value, WARNING);
  const shown = state.warnings.filter((warning) => matches(warning, state.at)).toReversed();
  if (shown.length === 0) {
    return (
      <p class="empty">
        {state.warnings.length === 0 ? "Nothing to warn of so far." : "No warning matches the filter."}
      </p>
    );
  }
  return (
    <div class="page" tabIndex={0}>
      <WarningList warnings={shown} />
    </div>
  );
}

export function WarningList(props: { warnings: readonly Warning[] }): JSX.Element {
  return (
    <ul class="warnings">
      {props.warnings.map(({ lint, message, task, resource }) => {
        const [sentence, ...stack] = message.split("\n");
        return (
          <li key={`${lint} ${message}`}>
            <span class="badge lint">{lint}</span>
            <p>{sentence}</p>
            {stack.length > 0 && <pre>{stack.join("\n")}</pre>}
            <p class="links">
              {task !== undefined && <TaskLink id={task} />}
              {resource !== undefined && <ResourceLink id={resource} />}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
