/**
 * The timeline. Keys: + and − zoom, up and down move through the tasks, Enter opens one. Only the lanes in sight
 * are drawn, however many tasks there are.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Poll } from "../protocol/state.ts";
import { scheme } from "./colours.ts";
import { parseFilter, TASK } from "./filter.ts";
import { count, duration } from "./format.ts";
import { taskTitle } from "./parts.tsx";
import { now, state, tick } from "./program.ts";
import { ALL, AXIS, draw, labelsOf, LANE, lanesOf } from "./timeline.ts";
import { filter, opened, openTask } from "./view.ts";

/** What can be looked at, in ms. */
const SPANS = [100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000] as const;

interface Hover {
  readonly x: number;
  readonly y: number;
  readonly poll: Poll;
}

function laneTitle(task: number): string {
  return task === ALL ? "all of them" : taskTitle(task);
}

export function TimelineView(): JSX.Element {
  const [zoom, setZoom] = useState(5);
  const [order, setOrder] = useState<"busiest" | "id">("busiest");
  const [scrolled, setScrolled] = useState(0);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [cursor, setCursor] = useState<number | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const span = SPANS[zoom]!;
  const to = state.at;
  const from = to - span;

  const lanes = useMemo(() => {
    const matches = parseFilter(filter.value, TASK);
    const at = now();
    return lanesOf(state.polls, from, to, order, (id) => {
      const task = state.tasks.get(id);
      return task === undefined ? filter.value === "" : matches(task, at);
    });
  }, [tick.value, filter.value, span, order]);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width, height });
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  const selected = opened.value?.what === "task" ? opened.value.id : null;
  useEffect(() => {
    const { width, height } = size;
    const element = canvas.current!;
    const ratio = devicePixelRatio;
    if (element.width !== Math.round(width * ratio)) element.width = Math.round(width * ratio);
    if (element.height !== Math.round(height * ratio)) element.height = Math.round(height * ratio);
    const context = element.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, { lanes, title: laneTitle, from, to, scrolled, width, height, selected, cursor });
  }, [lanes, scrolled, size, selected, cursor, scheme.value]);

  const ran = lanes.length < 2 ? lanes.length : lanes.length - 1;
  const step = (by: number): void => setZoom((at) => Math.min(Math.max(at + by, 0), SPANS.length - 1));
  const laneAt = (y: number): number => Math.floor((y - AXIS + scrolled) / LANE);

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = lanes.findIndex(({ task }) => task === cursor);
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0 && lanes.length > 0) {
      event.preventDefault();
      const index = Math.min(Math.max(at + by, 0), lanes.length - 1);
      setCursor(lanes[index]!.task);
      const top = index * LANE;
      const inSight = size.height - AXIS - LANE;
      if (top < scrolled) box.current!.scrollTop = top;
      else if (top > scrolled + inSight) box.current!.scrollTop = top - inSight;
    } else if (event.key === "+") step(-1);
    else if (event.key === "-") step(1);
    else if (event.key === "Enter" && cursor !== null && cursor !== ALL) openTask(cursor);
  };
  const onMove = (event: MouseEvent): void => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const lane = y < AXIS ? undefined : lanes[laneAt(y)];
    setCursor(lane?.task ?? null);
    const labels = labelsOf(size.width);
    const at = from + ((x - labels) / (size.width - labels)) * span;
    const reach = (2 / (size.width - labels)) * span;
    const poll = lane?.polls.find((each) => at >= each.at - reach && at <= each.at + each.ms + reach);
    setHover(poll === undefined || x < labels ? null : { x, y, poll });
  };

  return (
    <div class="graph">
      <div class="tools">
        <span class="legend">
          <span>
            <i class="box busy" /> poll
          </span>
          <span>
            <i class="box ready" /> 10 ms or longer
          </span>
          <span>
            <i class="box bad" /> 50 ms or longer
          </span>
        </span>
        <span class="spring" />
        <span class="faint">
          {count(ran)} {ran === 1 ? "task" : "tasks"} ran in the last {duration(span)}
        </span>
        <button class="word" onClick={() => setOrder(order === "id" ? "busiest" : "id")}>
          {order === "id" ? "by id" : "busiest first"}
        </button>
        <button onClick={() => step(1)} aria-label="A longer time">
          −
        </button>
        <button onClick={() => step(-1)} aria-label="A shorter time">
          +
        </button>
      </div>
      <div
        class="timeline"
        ref={box}
        tabIndex={0}
        aria-label="Timeline"
        onKeyDown={onKeyDown}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${ran} tasks ran in the last ${duration(span)}`}
          style={{ width: `${size.width}px`, height: `${size.height}px` }}
          onMouseMove={onMove}
          onMouseLeave={() => {
            setHover(null);
            setCursor(null);
          }}
          onClick={() => {
            if (cursor !== null && cursor !== ALL) openTask(cursor);
          }}
        />
        <div style={{ height: `${Math.max(0, lanes.length * LANE + AXIS - size.height)}px` }} />
        {hover !== null && (
          <div
            class="tip"
            style={{
              left: `${Math.min(hover.x + 14, size.width - 190)}px`,
              top: `${hover.y + scrolled + 12}px`,
            }}
          >
            <b>{taskTitle(hover.poll.task)}</b>
            <span>
              ran {duration(hover.poll.ms)}, {duration(Math.max(0, to - hover.poll.at))} ago
            </span>
          </div>
        )}
      </div>
    </div>
  );
}
