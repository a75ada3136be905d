/** The wait graph, laid out by dagre from left to right. It is laid out anew only when its shape has changed. */
import dagre from "@dagrejs/dagre";
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { parseFilter, TASK } from "./filter.ts";
import { count } from "./format.ts";
import { now, state, tick } from "./program.ts";
import { filter, opened, openResource, openTask } from "./view.ts";
import { waitGraph, type GraphNode, type WaitGraph } from "./wait-graph.ts";

interface Placed {
  readonly places: ReadonlyMap<string, { readonly x: number; readonly y: number; readonly width: number }>;
  readonly paths: ReadonlyMap<string, string>;
  readonly width: number;
  readonly height: number;
}

const HEIGHT = 44;
const ZOOMS = [0.4, 0.5, 0.65, 0.8, 1, 1.25, 1.5] as const;

export function GraphView(): JSX.Element {
  const graph = useMemo(() => {
    const matches = parseFilter(filter.value, TASK);
    const at = now();
    return waitGraph(state, (task) => matches(task, at));
  }, [tick.value, filter.value]);
  const shape = [
    ...graph.nodes.map(({ key }) => key),
    ...graph.edges.map(({ from, to }) => `${from}-${to}`),
  ].join();
  const placed = useMemo(() => place(graph), [shape]);
  const [zoom, setZoom] = useState(4);
  const box = useRef<HTMLDivElement>(null);
  const scale = ZOOMS[zoom]!;
  const step = (by: number): void => setZoom((at) => Math.min(Math.max(at + by, 0), ZOOMS.length - 1));

  if (graph.nodes.length === 0) return <p class="empty">No task waits for a resource or for another task.</p>;
  return (
    <div class="graph">
      <div class="tools">
        <Legend />
        <span class="spring" />
        {graph.hidden > 0 && (
          <span class="faint">
            {count(graph.hidden)} more waiting tasks are not drawn; filter to see them
          </span>
        )}
        <button onClick={() => step(-1)} aria-label="Smaller">
          −
        </button>
        <button onClick={() => step(1)} aria-label="Larger">
          +
        </button>
      </div>
      <div
        class="page"
        ref={box}
        tabIndex={0}
        aria-label="Wait graph"
        onKeyDown={(event) => {
          if (event.key === "+") step(1);
          if (event.key === "-") step(-1);
        }}
      >
        <svg
          width={placed.width * scale}
          height={placed.height * scale}
          viewBox={`0 0 ${placed.width} ${placed.height}`}
          role="group"
          aria-label={`${graph.nodes.length} nodes`}
        >
          <defs>
            {["edge", "bad"].map((name) => (
              <marker
                key={name}
                id={`arrow-${name}`}
                class={name}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="9"
                markerHeight="9"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0 0 8 4 0 8z" />
              </marker>
            ))}
          </defs>
          {graph.edges.map(({ from, to, kind, isStuck }) => (
            <path
              key={`${from} ${to}`}
              class={`edge ${kind} ${isStuck ? "bad" : ""}`}
              d={placed.paths.get(`${from} ${to}`)}
              marker-end={`url(#arrow-${isStuck ? "bad" : "edge"})`}
            />
          ))}
          {graph.nodes.map((node) => (
            <Box key={node.key} node={node} placed={placed} />
          ))}
        </svg>
      </div>
    </div>
  );
}

function Legend(): JSX.Element {
  return (
    <span class="legend">
      <span>
        <i class="box task" /> task
      </span>
      <span>
        <i class="box resource" /> resource
      </span>
      <span>
        <i class="stroke" /> waits for
      </span>
      <span>
        <i class="stroke held" /> held by
      </span>
      <span>
        <i class="stroke bad" /> deadlock
      </span>
    </span>
  );
}

function Box(props: { node: GraphNode; placed: Placed }): JSX.Element | null {
  const { node, placed } = props;
  const at = placed.places.get(node.key);
  if (at === undefined) return null;
  const open = (): void => (node.what === "resource" ? openResource(node.id) : openTask(node.id));
  const { value } = opened;
  const isOpen = value?.id === node.id && (value.what === "resource") === (node.what === "resource");
  const left = at.x - at.width / 2;
  const top = at.y - HEIGHT / 2;
  return (
    <g
      class={`node ${node.what} ${node.isStuck ? "bad" : ""} ${isOpen ? "open" : ""}`}
      role="button"
      tabIndex={0}
      aria-label={`${node.title}: ${node.note}`}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key === "Enter") open();
      }}
    >
      {node.what === "group" && (
        <rect class="behind" x={left + 4} y={top + 4} width={at.width} height={HEIGHT} rx={7} />
      )}
      <rect
        x={left}
        y={top}
        width={at.width}
        height={HEIGHT}
        rx={node.what === "resource" ? HEIGHT / 2 : 7}
      />
      <text x={at.x} y={at.y - 3} class="title">
        {node.title}
      </text>
      <text x={at.x} y={at.y + 13} class="note">
        {node.note}
      </text>
    </g>
  );
}

function place({ nodes, edges }: WaitGraph): Placed {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 70, marginx: 24, marginy: 24 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { key, title, note } of nodes) {
    const width = Math.max(96, Math.max(title.length * 7.4, note.length * 6.2) + 30);
    graph.setNode(key, { width, height: HEIGHT });
  }
  for (const { from, to } of edges) if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to);
  dagre.layout(graph);
  const places = new Map<string, { x: number; y: number; width: number }>();
  for (const key of graph.nodes()) {
    const { x, y, width } = graph.node(key) as { x: number; y: number; width: number };
    places.set(key, { x, y, width });
  }
  const paths = new Map<string, string>();
  for (const { v, w } of graph.edges()) {
    const { points } = graph.edge({ v, w }) as { points: readonly { x: number; y: number }[] };
    paths.set(`${v} ${w}`, smooth(points));
  }
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { places, paths, width: Math.max(width, 1), height: Math.max(height, 1) };
}

/** Through the middles of the pieces, bent at the points. */
function smooth(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x} ${first.y}`;
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1];
    if (next === undefined) path += `L${point.x} ${point.y}`;
    else path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  }
  return path;
}
