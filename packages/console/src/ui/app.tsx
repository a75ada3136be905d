/** The page: a head, the views, and a panel for what is open. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { count } from "./format.ts";
import { GraphView } from "./graph-view.tsx";
import { Header, Summary } from "./header.tsx";
import { FILTER_ID, KeysDialog } from "./keys.tsx";
import { state, status, tick } from "./program.ts";
import { ResourcePanel } from "./resource-panel.tsx";
import { ResourceTable } from "./resource-table.tsx";
import { TaskPanel } from "./task-panel.tsx";
import { TaskTable } from "./task-table.tsx";
import { TimelineView } from "./timeline-view.tsx";
import { opened, show, showsEnded, TITLES, type, typed, view, VIEWS, type View } from "./view.ts";
import { WarningsView } from "./warnings.tsx";

const BODIES: Readonly<Record<View, () => JSX.Element>> = {
  tasks: TaskTable,
  resources: ResourceTable,
  graph: GraphView,
  timeline: TimelineView,
  warnings: WarningsView,
};

export function App(): JSX.Element {
  const Body = BODIES[view.value];
  return (
    <>
      <Header />
      <Summary />
      <Toolbar />
      <main class={opened.value === null ? "" : "split"}>
        <div class="view" id="view" role="tabpanel" aria-label={TITLES[view.value]}>
          <Body />
        </div>
        <Panel />
      </main>
      <KeysDialog />
    </>
  );
}

function Toolbar(): JSX.Element {
  void tick.value;
  const counts: Partial<Record<View, number>> = {
    tasks: showsEnded.value ? state.tasks.size : state.alive,
    resources: state.resources.size,
    warnings: state.warnings.length,
  };
  const tabs = useRef<HTMLDivElement>(null);
  // On a narrow page not all of them are in sight.
  useEffect(() => {
    tabs.current?.children[VIEWS.indexOf(view.value)]?.scrollIntoView({
      block: "nearest",
      inline: "nearest",
    });
  }, [view.value]);
  return (
    <nav class="toolbar">
      <div role="tablist" aria-label="Views" ref={tabs}>
        {VIEWS.map((each, i) => (
          <button
            key={each}
            role="tab"
            aria-selected={view.value === each}
            aria-controls="view"
            title={`Key ${i + 1}`}
            onClick={() => show(each)}
          >
            {TITLES[each]}
            {counts[each] !== undefined && <span class="count">{count(counts[each])}</span>}
          </button>
        ))}
      </div>
      <span class="spring" />
      {state.pending > 0 && status.value === "live" && (
        <span class="faint">{count(state.pending)} changed tasks to come</span>
      )}
      {view.value === "tasks" && (
        <label>
          <input
            type="checkbox"
            checked={showsEnded.value}
            onChange={(event) => {
              showsEnded.value = event.currentTarget.checked;
            }}
          />
          ended
        </label>
      )}
      <input
        id={FILTER_ID}
        type="search"
        placeholder="Filter: worker state:waiting busy>10ms"
        aria-label="Filter"
        title="Key /"
        autocomplete="off"
        spellcheck={false}
        value={typed.value}
        onInput={(event) => type(event.currentTarget.value)}
      />
    </nav>
  );
}

function Panel(): JSX.Element | null {
  const open = opened.value;
  if (open === null) return null;
  return (
    <aside class="panel" aria-label={open.what === "task" ? "Task" : "Resource"} tabIndex={-1}>
      <button
        class="close"
        aria-label="Close"
        title="Esc"
        onClick={() => {
          opened.value = null;
        }}
      >
        ✕
      </button>
      {open.what === "task" ? (
        <TaskPanel key={open.id} id={open.id} />
      ) : (
        <ResourcePanel key={open.id} id={open.id} />
      )}
    </aside>
  );
}
