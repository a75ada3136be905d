/** Small things that more than one view shows. */
import type { ComponentChildren, JSX } from "preact";
import type { ConsoleResource, ConsoleTask } from "../protocol/messages.ts";
import { count, duration, percent } from "./format.ts";
import { levelOf } from "./history.ts";
import { state } from "./program.ts";
import { openResource, openTask } from "./view.ts";

export function StateLabel(props: { state: ConsoleTask["state"] }): JSX.Element {
  return <span class={`state ${props.state}`}>{props.state}</span>;
}

interface Times {
  readonly busy: number;
  readonly ready: number;
  readonly total: number;
}
export function timesOf(task: ConsoleTask, now: number): Times {
  const total = Math.max(0.001, (task.endedAt ?? now) - task.startedAt);
  return { busy: Math.min(1, task.busyMs / total), ready: Math.min(1, task.scheduledMs / total), total };
}

/** How its life divides into running, being ready, and waiting. */
export function TimesBar(props: { task: ConsoleTask; now: number }): JSX.Element {
  const { busy, ready, total } = timesOf(props.task, props.now);
  const title = `${duration(total)}: busy ${percent(busy)}, ready ${percent(ready)}`;
  return (
    <span class="times" title={title}>
      <span class="bar">
        <i class="busy" style={{ width: `${busy * 100}%` }} />
        <i class="ready" style={{ width: `${ready * 100}%` }} />
      </span>
      {duration(total)}
    </span>
  );
}

/** How full it is, as a bar where there is a bound. */
export function Level(props: { resource: ConsoleResource }): JSX.Element | null {
  const level = levelOf(props.resource);
  if (level === undefined) return null;
  const { size, of } = level;
  if (of === undefined) return <span class="level">{count(size)}</span>;
  const share = of === 0 ? 0 : size / of;
  const isLock = props.resource.kind === "mutex";
  const text = isLock ? (size === 1 ? "locked" : "free") : `${count(size)} / ${count(of)}`;
  return (
    <span
      class="level"
      role="meter"
      aria-valuemin={0}
      aria-valuemax={of}
      aria-valuenow={size}
      aria-valuetext={text}
    >
      <span class="bar">
        <i
          class={share >= 1 && !isLock ? "full" : "filled"}
          style={{ width: `${Math.min(1, share) * 100}%` }}
        />
      </span>
      {text}
    </span>
  );
}

export function Attributes(props: { of: ConsoleResource["attributes"] }): JSX.Element {
  return (
    <span class="attributes">
      {Object.entries(props.of).map(([key, value]) => (
        <span key={key}>
          <span class="faint">{key}</span> {typeof value === "number" ? count(value) : String(value)}
        </span>
      ))}
    </span>
  );
}

export function taskTitle(id: number): string {
  const name = state.tasks.get(id)?.name;
  return name === undefined ? `#${id}` : `#${id} ${name}`;
}
export function TaskLink(props: { id: number }): JSX.Element {
  return (
    <button class="link" onClick={() => openTask(props.id)}>
      {taskTitle(props.id)}
    </button>
  );
}
export function ResourceLink(props: { id: number }): JSX.Element {
  const resource = state.resources.get(props.id);
  const title =
    resource === undefined ? `#${props.id}` : `${resource.kind} ${resource.name ?? `#${props.id}`}`;
  return (
    <button class="link" onClick={() => openResource(props.id)}>
      {title}
    </button>
  );
}

/** Of many the first few. */
export function Links(props: {
  ids: Iterable<number>;
  link: (id: number) => ComponentChildren;
}): JSX.Element {
  const ids = [...props.ids];
  const most = 24;
  return (
    <span class="links">
      {ids.slice(0, most).map((id) => props.link(id))}
      {ids.length > most && <span class="faint">and {count(ids.length - most)} more</span>}
    </span>
  );
}

export function Section(props: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section>
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}
