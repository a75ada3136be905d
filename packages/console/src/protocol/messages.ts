/**
 * What a console says and hears, one JSON object a message. A recording is the same: one message a line.
 *
 *   server: hello, then updates; details when asked for; end
 *   client: an ack for each update, so that no more is under way than the client can take; what it looks at
 *
 * Times are in ms; 0 is `origin` of the program, itself ms since 1970.
 */
import type { Changes, FeedResource, FeedTask, TaskDetail } from "millrace/feed";
import type { Warning } from "millrace/diagnostics";

export type { FeedResource as ConsoleResource, FeedTask as ConsoleTask, TaskDetail, Warning };

/** A reader takes files and servers of its own version only. */
export const VERSION: number = 1;

/** Which program a console shows. */
export interface Program {
  /** Of its main file. */
  readonly name: string;
  /** The id of its process. */
  readonly pid: number;
  /** "node 24.21.0" */
  readonly runtime: string;
  /** When its clock was 0, in ms since 1970. */
  readonly origin: number;
}

/** The first message: who speaks, and how. */
export interface Hello {
  /** Tells the kinds of messages apart. */
  readonly type: "hello";
  /** Of the protocol. */
  readonly version: number;
  /** Whom it is about. */
  readonly program: Program;
  /** Of a recording: its first and last time. */
  readonly recording?: { readonly from: number; readonly to: number };
}

/** What has changed. The first ones say what there is. */
export interface Update {
  /** Tells the kinds of messages apart. */
  readonly type: "update";
  /** Counts the updates of this connection; the reader acknowledges it. */
  readonly seq: number;
  /** The time of the program, in ms. */
  readonly at: number;
  /** Forget everything first: a recording was moved to another time. */
  readonly isFresh?: true;
  /** Those that are new or have changed, as they are now. */
  readonly tasks?: readonly FeedTask[];
  /** Tasks that ended too long ago to be kept. */
  readonly goneTasks?: readonly number[];
  /** Those that are new or have changed, as they are now. */
  readonly resources?: readonly FeedResource[];
  /** Ids of those that are no more. */
  readonly goneResources?: readonly number[];
  /** Those that are new. */
  readonly warnings?: readonly Warning[];
  /** Triples of task, start and duration. */
  readonly polls?: readonly number[];
  /** Counts since the program began. */
  readonly totals: Changes["totals"];
  /** How busy its event loop was. */
  readonly loop: Loop;
  /** What the reader was spared. */
  readonly dropped: Dropped;
  /** Changed tasks that come with the next updates. */
  readonly pending: number;
}

/** How the event loop was since the last update. */
export interface Loop {
  /** Of the time, from 0 to 1, in which it did something. */
  readonly busy: number;
  /** By how many ms a timer was late. */
  readonly lateMs: number;
}

/** What was never sent, because the program was faster than the wire: counted since the connection. */
export interface Dropped {
  /** Polls of tasks. */
  readonly polls: number;
  /** Tasks that came and went in between. */
  readonly tasks: number;
  /** Warnings. */
  readonly warnings: number;
}

/** What is known of the task that is watched. */
export interface Detail extends TaskDetail {
  /** Tells the kinds of messages apart. */
  readonly type: "detail";
}
/** Nothing more comes. */
export interface End {
  readonly type: "end";
  readonly reason: string;
}
/** Where a recording that is being played is. */
export interface Playback {
  /** Tells the kinds of messages apart. */
  readonly type: "playback";
  /** The time of the program, in ms. */
  readonly at: number;
  /** It goes on by itself, as fast as the program did. */
  readonly isPlaying: boolean;
}

export type ServerMessage = Hello | Update | Detail | Playback | End;

export type ClientMessage =
  | { readonly type: "ack"; readonly seq: number }
  /** Whose details are wanted from now on; none for null. */
  | { readonly type: "watch"; readonly task: number | null }
  /** Of a recording: go there. */
  | { readonly type: "seek"; readonly at: number }
  | { readonly type: "play"; readonly isPlaying: boolean };

/** Throws unless it is something that a client may say. */
export function parseClientMessage(text: string): ClientMessage {
  const message = JSON.parse(text) as Partial<Record<string, unknown>> | null;
  const isTime = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
  switch (message?.type) {
    case "ack":
      if (isTime(message.seq)) return message as unknown as ClientMessage;
      break;
    case "watch":
      if (message.task === null || isTime(message.task)) return message as unknown as ClientMessage;
      break;
    case "seek":
      if (isTime(message.at)) return message as unknown as ClientMessage;
      break;
    case "play":
      if (typeof message.isPlaying === "boolean") return message as unknown as ClientMessage;
      break;
  }
  throw new Error("a message that no console sends");
}
