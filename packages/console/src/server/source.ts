/** Where updates come from: a program that runs, or a recording of one. */
import type { Hello, TaskDetail } from "../protocol/messages.ts";
import type { Model } from "./model.ts";

export interface Source {
  readonly model: Model;
  readonly hello: Hello;
  detail(task: number): TaskDetail | undefined;
  /** One more reader, or one less. */
  watched(by: 1 | -1): void;
  /** Brings the model up to date at once. */
  look(): void;
  /** Work for a reader, of which the program is not blamed if it takes long. */
  aside<T>(work: () => T): T;
  /** Of a recording. */
  readonly player?: Player;
  close(): void;
}

/** The controls of a recording. */
export interface Player {
  readonly at: number;
  readonly isPlaying: boolean;
  seek(at: number): Promise<void>;
  play(isPlaying: boolean): void;
  /** Calls `listener` whenever it has moved, begun or stopped, until the result is called. */
  onMove(listener: () => void): () => void;
}
