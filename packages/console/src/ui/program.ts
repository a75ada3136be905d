/**
 * The program that is looked at, as the page knows it: what came over the socket, and what is remembered of it
 * for charts. An update is applied when it comes; the page is drawn at most a few times a second, less often while
 * somebody scrolls or types, and only then is the server told that the next may come. While the page is paused or
 * hidden it is not told.
 */
import { batch, signal, type Signal } from "@preact/signals";
import { VERSION } from "../protocol/messages.ts";
import type { ClientMessage, Detail, End, Hello, Playback, ServerMessage } from "../protocol/messages.ts";
import { ConsoleState } from "../protocol/state.ts";
import { History } from "./history.ts";

export type Status = "connecting" | "live" | "recording" | "ended";

/** In ms: numbers that change more often cannot be read. */
const DRAW_EVERY = 250;
/** Of the time in which the page draws itself; the rest is for scrolling and typing. */
const DRAWING_SHARE = 0.2;
/** For so long after it was scrolled or typed into the page is not drawn anew … */
const USE = 150;
/** … unless it was not for this long. */
const LATEST = 1000;

export const state: ConsoleState = new ConsoleState();
export const history: History = new History();
/** Counts the times that there was something new to draw. */
export const tick: Signal<number> = signal(0);
export const status: Signal<Status> = signal("connecting");
/** Why nothing more comes. */
export const reason: Signal<string> = signal("");
export const hello: Signal<Hello | undefined> = signal(undefined);
export const detail: Signal<Detail | undefined> = signal(undefined);
export const playback: Signal<Playback | undefined> = signal(undefined);
export const isPaused: Signal<boolean> = signal(false);

let socket: WebSocket | undefined;
let unanswered: number | undefined;
let drawnAt = -Infinity;
let drawingMs = 0;
let usedAt = -Infinity;
let isScheduled = false;
let watched: number | null = null;
let receivedAt = 0;
let latestDetail: Detail | undefined;

export function connect(): void {
  socket = new WebSocket(new URL("socket", location.href.replace(/^http/, "ws")));
  socket.onmessage = ({ data }) => hear(JSON.parse(data as string) as ServerMessage);
  socket.onclose = ({ reason: why }) => ended({ type: "end", reason: why });
}

function hear(message: ServerMessage): void {
  switch (message.type) {
    case "hello":
      if (message.version !== VERSION)
        return ended({ type: "end", reason: "it is of another version; reload" });
      hello.value = message;
      status.value = message.recording === undefined ? "live" : "recording";
      document.title = `${message.program.name} · millrace console`;
      return;
    case "update":
      if (message.isFresh === true) history.clear();
      state.apply(message);
      history.add(state);
      receivedAt = performance.now();
      unanswered = message.seq;
      draw();
      // There is more than one update holds: it is not drawn in pieces.
      if (state.pending > 0 && !document.hidden) answer();
      return;
    case "detail":
      if (message.id !== watched) return;
      latestDetail = message;
      // The first is waited for; later ones are shown with the state they belong to.
      if (detail.value === undefined) detail.value = message;
      return;
    case "playback":
      playback.value = message;
      return;
    case "end":
      return ended(message);
  }
}

function ended({ reason: why }: End): void {
  if (status.value === "ended") return;
  status.value = "ended";
  reason.value = why === "" ? "the program has ended, or the connection was lost" : why;
  tick.value++;
}

/** At the next frame that is due. A page that nobody sees gets no frames. */
function draw(): void {
  if (isScheduled || isPaused.value) return;
  isScheduled = true;
  drawWhenDue();
}
function drawWhenDue(): void {
  const wait = dueAt() - performance.now();
  if (wait > 0) setTimeout(drawWhenDue, wait);
  else requestAnimationFrame(drawNow);
}
function drawNow(): void {
  isScheduled = false;
  // Paused meanwhile; it is drawn when it goes on.
  if (isPaused.value) return;
  drawnAt = performance.now();
  batch(() => {
    tick.value++;
    detail.value = latestDetail;
  });
  setTimeout(() => {
    drawingMs = performance.now() - drawnAt;
    answer();
  });
}
/** A machine that is slow, or has other things to do, draws less often and stays as fluid. */
function dueAt(): number {
  const pace = Math.max(DRAW_EVERY, drawingMs / DRAWING_SHARE);
  return Math.max(drawnAt + pace, Math.min(usedAt + USE, drawnAt + LATEST));
}
/** The page is scrolled through, or typed into: nobody reads the numbers meanwhile. */
export function used(): void {
  usedAt = performance.now();
}
function answer(): void {
  if (unanswered === undefined || isPaused.value) return;
  say({ type: "ack", seq: unanswered });
  unanswered = undefined;
}

export function pause(isWanted: boolean): void {
  isPaused.value = isWanted;
  if (!isWanted) draw();
}

/** The time of the program that the page shows: it goes on between updates. */
export function now(): number {
  return status.value === "live" && !isPaused.value ? state.at + performance.now() - receivedAt : state.at;
}

/** Whose details are shown. */
export function watch(task: number | null): void {
  if (task === watched) return;
  watched = task;
  detail.value = latestDetail = undefined;
  say({ type: "watch", task });
}
export function seek(at: number): void {
  say({ type: "seek", at });
}
export function play(isPlaying: boolean): void {
  say({ type: "play", isPlaying });
}

function say(message: ClientMessage): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
