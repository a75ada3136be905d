/** Who ran when, drawn: a lane for each task that ran in the window, a mark for each poll. */
import type { Poll } from "../protocol/state.ts";
import { colour } from "./colours.ts";
import { duration } from "./format.ts";

export const LANE = 22;
/** The width of the titles, in a chart of that width. */
export function labelsOf(width: number): number {
  return Math.min(210, Math.round(width * 0.33));
}
export const AXIS = 26;

/** From here on a poll is told by its colour, in ms. */
const SLOW = 10;
const VERY_SLOW = 50;

export interface Lane {
  readonly task: number;
  readonly polls: readonly Poll[];
}
export interface Scene {
  readonly lanes: readonly Lane[];
  readonly title: (task: number) => string;
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
  isShown: (task: number) => boolean,
): Lane[] {
  const lanes = new Map<number, { task: number; polls: Poll[]; busyMs: number } | null>();
  const all: Poll[] = [];
  for (let i = polls.length - 1; i >= 0; i--) {
    const poll = polls[i]!;
    if (poll.at + poll.ms < from || poll.at > to) continue;
    let lane = lanes.get(poll.task);
    if (lane === undefined) {
      lane = isShown(poll.task) ? { task: poll.task, polls: [], busyMs: 0 } : null;
      lanes.set(poll.task, lane);
    }
    if (lane === null) continue;
    lane.polls.push(poll);
    lane.busyMs += poll.ms;
    all.push(poll);
  }
  const shown = [...lanes.values()].filter((lane) => lane !== null);
  shown.sort((a, b) => (order === "id" ? 0 : b.busyMs - a.busyMs) || a.task - b.task);
  return shown.length < 2 ? shown : [{ task: ALL, polls: all }, ...shown];
}

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { lanes, from, to, scrolled, width, height, selected, cursor } = scene;
  const labels = labelsOf(width);
  const scale = (width - labels) / (to - from);
  const x = (at: number): number => labels + (at - from) * scale;
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const first = Math.max(0, Math.floor(scrolled / LANE));
  const last = Math.min(lanes.length, Math.ceil((scrolled + height - AXIS) / LANE));

  for (let i = first; i < last; i++) {
    const { task, polls } = lanes[i]!;
    const top = AXIS + i * LANE - scrolled;
    if (task === selected || task === cursor) {
      context.fillStyle = colour(task === selected ? "chosen" : "hover");
      context.fillRect(0, top, width, LANE);
    }
    context.fillStyle = colour("line");
    context.fillRect(0, top + LANE - 1, width, 1);
    drawPolls(context, polls, x, top, labels);
    context.fillStyle = colour("back");
    context.fillRect(0, top, labels - 1, LANE - 1);
    context.fillStyle = colour(task === selected ? "accent" : "text");
    context.fillText(clipped(context, scene.title(task), labels - 24), 14, top + LANE / 2);
  }
  drawAxis(context, scene, x);
}

/** Of those that would be drawn over each other one is. */
function drawPolls(
  context: CanvasRenderingContext2D,
  polls: readonly Poll[],
  x: (at: number) => number,
  top: number,
  labels: number,
): void {
  const colours = { bad: colour("bad"), ready: colour("ready"), busy: colour("busy") };
  let drawn: keyof typeof colours | undefined;
  let pixel = -1;
  for (const { at, ms } of polls) {
    const end = x(at + ms);
    if (end < labels) continue;
    const begin = Math.max(labels, x(at));
    const kind = ms >= VERY_SLOW ? "bad" : ms >= SLOW ? "ready" : "busy";
    const isShort = end - begin <= 1.5;
    if (isShort && kind === drawn && Math.floor(begin) === pixel) continue;
    if (kind !== drawn) context.fillStyle = colours[kind];
    drawn = kind;
    pixel = isShort ? Math.floor(begin) : -1;
    context.fillRect(begin, top + 4, Math.max(1.5, end - begin), LANE - 9);
  }
}

function drawAxis(context: CanvasRenderingContext2D, scene: Scene, x: (at: number) => number): void {
  const { from, to, width, height } = scene;
  const labels = labelsOf(width);
  context.fillStyle = colour("back");
  context.fillRect(0, 0, width, AXIS);
  context.fillStyle = colour("line");
  context.fillRect(0, AXIS - 1, width, 1);
  context.fillRect(labels - 1, 0, 1, height);
  const step = niceStep((to - from) / Math.max(2, (width - labels) / 80));
  context.textAlign = "center";
  for (let ago = 0; ago <= to - from; ago += step) {
    const at = x(to - ago);
    if (at < labels + 20) break;
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
