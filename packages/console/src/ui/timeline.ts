/** Who ran when, drawn: a lane for each task that ran in the window, a mark for each poll. */
import type { Poll } from "../protocol/state.ts";
import { colour } from "./colours.ts";
import { duration } from "./format.ts";

export const LANE = 22;
export const LABELS = 210;
export const AXIS = 26;

/** From here on a poll is told by its colour, in ms. */
const SLOW = 10;
const VERY_SLOW = 50;

export interface Lane {
  readonly task: number;
  readonly title: string;
  readonly polls: readonly Poll[];
}
export interface Scene {
  readonly lanes: readonly Lane[];
  readonly from: number;
  readonly to: number;
  readonly scrolled: number;
  readonly width: number;
  readonly height: number;
  readonly selected: number | null;
  readonly cursor: number | null;
}

/** Of all tasks together. */
export const ALL = 0;

/** The tasks that ran between the two times, below one lane for all of them. */
export function lanesOf(
  polls: readonly Poll[],
  from: number,
  to: number,
  order: "busiest" | "id",
  title: (task: number) => string | undefined,
): Lane[] {
  const lanes = new Map<number, Poll[]>();
  for (let i = polls.length - 1; i >= 0; i--) {
    const poll = polls[i]!;
    if (poll.at + poll.ms < from) continue;
    if (poll.at > to) continue;
    const lane = lanes.get(poll.task);
    if (lane === undefined) lanes.set(poll.task, [poll]);
    else lane.push(poll);
  }
  const shown: Lane[] = [];
  for (const [task, found] of lanes) {
    const name = title(task);
    if (name !== undefined) shown.push({ task, title: name, polls: found });
  }
  const busy = new Map(shown.map((lane) => [lane, lane.polls.reduce((sum, { ms }) => sum + ms, 0)]));
  shown.sort((a, b) => (order === "id" ? a.task - b.task : busy.get(b)! - busy.get(a)! || a.task - b.task));
  const all = { task: ALL, title: "all of them", polls: shown.flatMap((lane) => lane.polls) };
  return shown.length < 2 ? shown : [all, ...shown];
}

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { lanes, from, to, scrolled, width, height, selected, cursor } = scene;
  const scale = (width - LABELS) / (to - from);
  const x = (at: number): number => LABELS + (at - from) * scale;
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const first = Math.max(0, Math.floor(scrolled / LANE));
  const last = Math.min(lanes.length, Math.ceil((scrolled + height - AXIS) / LANE));

  for (let i = first; i < last; i++) {
    const { task, title, polls } = lanes[i]!;
    const top = AXIS + i * LANE - scrolled;
    if (task === selected || task === cursor) {
      context.fillStyle = colour(task === selected ? "chosen" : "hover");
      context.fillRect(0, top, width, LANE);
    }
    context.fillStyle = colour("line");
    context.fillRect(0, top + LANE - 1, width, 1);
    for (const { at, ms } of polls) {
      const begin = Math.max(LABELS, x(at));
      const end = x(at + ms);
      if (end < LABELS) continue;
      context.fillStyle = colour(ms >= VERY_SLOW ? "bad" : ms >= SLOW ? "ready" : "busy");
      context.fillRect(begin, top + 4, Math.max(1.5, end - begin), LANE - 9);
    }
    context.fillStyle = colour("back");
    context.fillRect(0, top, LABELS - 1, LANE - 1);
    context.fillStyle = colour(task === selected ? "accent" : "text");
    context.fillText(clipped(context, title, LABELS - 24), 14, top + LANE / 2);
  }
  drawAxis(context, scene, x);
}

function drawAxis(context: CanvasRenderingContext2D, scene: Scene, x: (at: number) => number): void {
  const { from, to, width, height } = scene;
  context.fillStyle = colour("back");
  context.fillRect(0, 0, width, AXIS);
  context.fillStyle = colour("line");
  context.fillRect(0, AXIS - 1, width, 1);
  context.fillRect(LABELS - 1, 0, 1, height);
  const step = niceStep((to - from) / Math.max(2, (width - LABELS) / 110));
  context.textAlign = "center";
  for (let ago = 0; ago <= to - from; ago += step) {
    const at = x(to - ago);
    if (at < LABELS + 20) break;
    context.fillStyle = colour("line");
    context.fillRect(at, AXIS - 5, 1, height);
    context.fillStyle = colour("faint");
    context.fillText(ago === 0 ? "now" : `−${duration(ago)}`, Math.min(at, width - 18), AXIS / 2);
  }
  context.textAlign = "start";
}

function niceStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms));
  const digit = ms / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

function clipped(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length)}…`;
}
