/** One task: what it waits for and who has that, its times, its last polls, its family. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ConsoleTask, Detail } from "../protocol/messages.ts";
import { isAlive } from "../protocol/state.ts";
import { percentile } from "../protocol/times.ts";
import { Histogram } from "./chart.tsx";
import { clock, count, duration, operationOf, percent } from "./format.ts";
import { Links, ResourceLink, Section, StateLabel, TaskLink, timesOf } from "./parts.tsx";
import { detail, hello, now, state, tick, watch } from "./program.ts";
import { WarningList } from "./warnings.tsx";

export function TaskPanel(props: { id: number }): JSX.Element {
  const { id } = props;
  useEffect(() => {
    watch(id);
    return () => watch(null);
  }, [id]);
  void tick.value;
  const task = state.tasks.get(id);
  if (task === undefined) return <p class="empty">Task #{id} ended too long ago to be remembered.</p>;
  const warnings = state.warnings.filter((warning) => warning.task === id);
  const children = [...state.tasks.values()].filter(({ parent }) => parent === id).map((child) => child.id);
  return (
    <>
      <header>
        <StateLabel state={task.state} />
        <h2>{task.name ?? "unnamed task"}</h2>
        <span class="faint">
          {task.kind} #{id}
        </span>
      </header>
      {warnings.length > 0 && (
        <Section title="Warnings">
          <WarningList warnings={warnings} />
        </Section>
      )}
      <Wait task={task} />
      <Times task={task} />
      <Details task={task} detail={detail.value} />
      <Section title="Where it comes from">
        <dl>
          <dt>Spawned</dt>
          <dd>
            {duration(Math.max(0, now() - task.startedAt))} ago
            {task.spawnedAt !== undefined && (
              <>
                {" "}
                at <code>{task.spawnedAt}</code>
              </>
            )}
          </dd>
          {task.parent !== undefined && (
            <>
              <dt>By</dt>
              <dd>
                <TaskLink id={task.parent} />
              </dd>
            </>
          )}
          {children.length > 0 && (
            <>
              <dt>Spawned by it</dt>
              <dd>
                <Links ids={children} link={(child) => <TaskLink key={child} id={child} />} />
              </dd>
            </>
          )}
        </dl>
      </Section>
    </>
  );
}

function Wait(props: { task: ConsoleTask }): JSX.Element | null {
  void tick.value;
  const { waitingOn, resources = [], joins = [] } = props.task;
  const held = [...state.resources.values()].filter(({ holders }) => holders.includes(props.task.id));
  if (waitingOn === undefined && held.length === 0) return null;
  return (
    <Section title={waitingOn === undefined ? "Holds" : "Waits for"}>
      {waitingOn !== undefined && (
        <>
          <p class="wait">
            {operationOf(props.task, now())}
            <span class="faint"> for </span>
            <b>{duration(Math.max(0, now() - waitingOn.since))}</b>
          </p>
          {waitingOn.at !== undefined && (
            <p>
              <span class="faint">at </span>
              <code>{waitingOn.at}</code>
            </p>
          )}
        </>
      )}
      <dl>
        {resources.map((id) => {
          const holders = state.resources.get(id)?.holders ?? [];
          return (
            <>
              <dt>On</dt>
              <dd>
                <ResourceLink id={id} />
                {holders.length > 0 && (
                  <>
                    <span class="faint"> held by </span>
                    <Links ids={holders} link={(holder) => <TaskLink key={holder} id={holder} />} />
                  </>
                )}
              </dd>
            </>
          );
        })}
        {joins.length > 0 && (
          <>
            <dt>End of</dt>
            <dd>
              <Links ids={joins} link={(id) => <TaskLink key={id} id={id} />} />
            </dd>
          </>
        )}
        {held.length > 0 && (
          <>
            <dt>Holds</dt>
            <dd>
              <Links ids={held.map(({ id }) => id)} link={(id) => <ResourceLink key={id} id={id} />} />
            </dd>
          </>
        )}
      </dl>
    </Section>
  );
}

function Times(props: { task: ConsoleTask }): JSX.Element {
  void tick.value;
  const { task } = props;
  const { busy, ready, total } = timesOf(task, now());
  const rest = Math.max(0, 1 - busy - ready);
  return (
    <Section title={isAlive(task) ? "Its life so far" : "Its life"}>
      <div class="life" role="img" aria-label={`busy ${percent(busy)}, ready ${percent(ready)}`}>
        <i class="busy" style={{ width: `${busy * 100}%` }} />
        <i class="ready" style={{ width: `${ready * 100}%` }} />
      </div>
      <div class="figures">
        <Figure title="busy" colour="busy" value={duration(task.busyMs)} more={percent(busy)} />
        <Figure title="ready" colour="ready" value={duration(task.scheduledMs)} more={percent(ready)} />
        <Figure title="waiting" colour="idle" value={duration(total * rest)} more={percent(rest)} />
        <Figure title="longest poll" value={duration(task.longestPollMs)} />
        <Figure title="polls" value={count(task.polls)} />
        <Figure title="wake-ups" value={count(task.wakes)} more={`${count(task.selfWakes)} by itself`} />
      </div>
    </Section>
  );
}

function Figure(props: { title: string; value: string; more?: string; colour?: string }): JSX.Element {
  return (
    <div class="figure">
      <span class="faint">
        {props.colour !== undefined && <i class={`dot ${props.colour}`} />}
        {props.title}
      </span>
      <b>{props.value}</b>
      {props.more !== undefined && <span class="faint">{props.more}</span>}
    </div>
  );
}

function Details(props: { task: ConsoleTask; detail: Detail | undefined }): JSX.Element {
  const { task, detail: known } = props;
  if (known === undefined || known.id !== task.id) {
    return (
      <p class="empty">
        {isAlive(task) || task.polls > 0 ? "Waiting for its histograms …" : "It never ran."}
      </p>
    );
  }
  return (
    <>
      <Section title="How long it ran, poll by poll">
        <Histogram counts={known.pollTimes} colour="busy" label="Polls by duration" />
        <Percentiles counts={known.pollTimes} longest={task.longestPollMs} />
      </Section>
      {known.scheduledTimes.some((times) => times > 0) && (
        <Section title="How long it was ready before it ran">
          <Histogram counts={known.scheduledTimes} colour="ready" label="Times from wake-up to poll" />
          <Percentiles counts={known.scheduledTimes} />
        </Section>
      )}
      <Section title="Its last polls">
        <Polls detail={known} />
      </Section>
    </>
  );
}

function Percentiles(props: { counts: readonly number[]; longest?: number }): JSX.Element {
  const { counts, longest } = props;
  return (
    <p class="percentiles">
      {[0.5, 0.9, 0.99].map((share) => (
        <span key={share}>
          <span class="faint">p{share * 100}</span> {duration(percentile(counts, share))}
        </span>
      ))}
      {longest !== undefined && (
        <span>
          <span class="faint">max</span> {duration(longest)}
        </span>
      )}
    </p>
  );
}

function Polls(props: { detail: Detail }): JSX.Element {
  const { history } = props.detail;
  const origin = hello.value?.program.origin ?? 0;
  const most = Math.max(...history.map(({ ms, scheduledMs }) => ms + scheduledMs), 0.001);
  return (
    <table class="polls">
      <thead>
        <tr>
          <th>At</th>
          <th class="number">Waited</th>
          <th class="number">Ready</th>
          <th class="number">Ran</th>
          <th aria-hidden="true" />
        </tr>
      </thead>
      <tbody>
        {history
          .map((poll, i) => {
            const before = history[i - 1];
            const idle =
              before === undefined ? undefined : poll.at - poll.scheduledMs - before.at - before.ms;
            return (
              <tr key={poll.at}>
                <td>{clock(origin, poll.at)}</td>
                <td class="number">{idle === undefined ? "" : duration(Math.max(0, idle))}</td>
                <td class="number">{duration(poll.scheduledMs)}</td>
                <td class="number">{duration(poll.ms)}</td>
                <td class="span">
                  <i class="ready" style={{ width: `${(poll.scheduledMs / most) * 100}%` }} />
                  <i class="busy" style={{ width: `${(poll.ms / most) * 100}%` }} />
                </td>
              </tr>
            );
          })
          .toReversed()}
      </tbody>
    </table>
  );
}
