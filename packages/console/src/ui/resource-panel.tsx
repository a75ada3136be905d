/** One resource: how full it was, who has it, who waits for it. */
import type { JSX } from "preact";
import { FillChart } from "./chart.tsx";
import { count, duration } from "./format.ts";
import { levelOf } from "./history.ts";
import { Attributes, Level, Links, Section, TaskLink } from "./parts.tsx";
import { history, now, state, tick } from "./program.ts";
import { WarningList } from "./warnings.tsx";

export function ResourcePanel(props: { id: number }): JSX.Element {
  const { id } = props;
  void tick.value;
  const resource = state.resources.get(id);
  if (resource === undefined) return <p class="empty">Resource #{id} is no more.</p>;
  const fills = history.fill(id);
  const waiters = [...state.waiters(id)];
  const warnings = state.warnings.filter((warning) => warning.resource === id);
  return (
    <>
      <header>
        <span class="badge">{resource.kind}</span>
        <h2>{resource.name ?? "unnamed"}</h2>
        <span class="faint">#{id}</span>
      </header>
      {warnings.length > 0 && (
        <Section title="Warnings">
          <WarningList warnings={warnings} />
        </Section>
      )}
      {fills.length > 1 && (
        <Section title="How full it was">
          <Level resource={resource} />
          <FillChart
            times={fills.map(({ at }) => at)}
            sizes={fills.map(({ size }) => size)}
            capacity={levelOf(resource)?.of}
          />
        </Section>
      )}
      <Section title="State">
        <Attributes of={resource.attributes} />
      </Section>
      {resource.holders.length > 0 && (
        <Section title={`Held by ${count(resource.holders.length)}`}>
          <Links ids={resource.holders} link={(task) => <TaskLink key={task} id={task} />} />
        </Section>
      )}
      <Section title={`Waited for by ${count(waiters.length)}`}>
        <table class="polls">
          <tbody>
            {waiters.slice(0, 50).map((task) => {
              const wait = state.tasks.get(task)?.waitingOn;
              return (
                <tr key={task}>
                  <td>
                    <TaskLink id={task} />
                  </td>
                  <td class="faint">{wait?.operation.replace(/ (on|of) .*$/, "")}</td>
                  <td class="number">{wait !== undefined && duration(Math.max(0, now() - wait.since))}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {waiters.length > 50 && <p class="faint">and {count(waiters.length - 50)} more</p>}
      </Section>
      {resource.createdAt !== undefined && (
        <Section title="Where it comes from">
          <p>
            <span class="faint">made at </span>
            <code>{resource.createdAt}</code>
          </p>
        </Section>
      )}
    </>
  );
}
