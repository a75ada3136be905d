/**
 * Playing a recording. The file is read as it is played; to go back it is read again from its beginning, which
 * takes about a second for 100 MB.
 */
import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import {
  VERSION,
  type Hello,
  type ServerMessage,
  type TaskDetail,
  type Update,
} from "../protocol/messages.ts";
import { countTimes } from "../protocol/times.ts";
import { isMessage } from "../protocol/check-message.ts";
import { Model } from "./model.ts";
import type { Player, Source } from "./source.ts";

/** In ms of real time. */
const EVERY = 100;
/** Polls of one task that are told. */
const HISTORY = 32;

/** The messages of a recording. A last line that was cut off is left out. */
async function* messages(file: string): AsyncGenerator<ServerMessage, void, undefined> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  let number = 0;
  let broken: number | undefined;
  for await (const line of lines) {
    number++;
    if (line === "") continue;
    if (broken === 1) checkHello(file, undefined);
    if (broken !== undefined) throw new Error(`${file}:${broken} is not a line of a millrace recording`);
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      // Only the last one may be: the program was killed while it was written.
      broken = number;
      continue;
    }
    if (number === 1) checkHello(file, message);
    if (!isMessage(message)) throw new Error(`${file}:${number} is not a line of a millrace recording`);
    yield message;
  }
  if (number === 0 || (number === 1 && broken === 1)) checkHello(file, undefined);
}

function checkHello(file: string, given: unknown): void {
  const message = given as Partial<Hello> | null | undefined;
  if (message?.type !== "hello") throw new Error(`${file} is not a millrace recording`);
  if (message.version === VERSION) return;
  throw new Error(
    `${file} was recorded by another version of millrace (its format is ${message.version}, this is ${VERSION})`,
  );
}

export async function openRecording(file: string): Promise<Source> {
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  let hello: Hello | undefined;
  let from: number | undefined;
  let to = 0;
  for await (const message of messages(file)) {
    if (message.type === "hello") hello = message;
    if (message.type !== "update") continue;
    from ??= message.at;
    to = message.at;
  }
  from ??= 0;
  const source = new Played(file, { ...hello!, recording: { from, to } });
  await source.seek(from);
  return source;
}

class Played implements Source, Player {
  readonly model: Model = new Model();
  readonly hello: Hello;
  readonly player: Player = this;
  isPlaying: boolean = false;
  at: number = 0;
  readonly #file: string;
  readonly #listeners: Set<() => void> = new Set();
  #updates: AsyncGenerator<ServerMessage, void, undefined> | null = null;
  #next: Update | null = null;
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #wanted: number = 0;
  #seeking: Promise<void> | null = null;

  constructor(file: string, hello: Hello) {
    this.#file = file;
    this.hello = hello;
  }

  look(): void {}
  aside<T>(work: () => T): T {
    return work();
  }
  watched(): void {}
  /** Recordings hold no histograms: they are made from the polls at hand. */
  detail(id: number): TaskDetail | undefined {
    const { tasks, polls } = this.model.state;
    const task = tasks.get(id);
    if (task === undefined) return undefined;
    const own = polls.filter((poll) => poll.task === id);
    return {
      id: task.id,
      pollTimes: countTimes(own.map(({ ms }) => ms)),
      scheduledTimes: countTimes([]),
      history: own.slice(-HISTORY).map(({ at, ms }) => ({ at, ms, scheduledMs: 0 })),
    };
  }
  onMove(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** While somebody drags the slider only the latest place is gone to. */
  seek(at: number): Promise<void> {
    const { from, to } = this.hello.recording!;
    this.#wanted = Math.min(Math.max(at, from), to);
    return (this.#seeking ??= this.#then(() => {
      this.#seeking = null;
      return this.#moveTo(this.#wanted);
    }));
  }
  play(isPlaying: boolean): void {
    if (isPlaying === this.isPlaying) return;
    this.isPlaying = isPlaying;
    clearInterval(this.#timer);
    const { from, to } = this.hello.recording!;
    if (isPlaying) {
      // At the end it begins anew.
      if (this.at >= to) this.seek(from).catch(() => this.play(false));
      let before = performance.now();
      this.#timer = setInterval(() => {
        const now = performance.now();
        const passed = now - before;
        before = now;
        // The file may have changed meanwhile.
        this.#then(() => this.#moveTo(Math.min(this.at + passed, to))).catch(() => this.play(false));
        if (this.at >= to) this.play(false);
      }, EVERY);
    }
    this.#moved();
  }
  close(): void {
    clearInterval(this.#timer);
    void this.#then(async () => {
      await this.#updates?.return();
    });
  }

  /** One after the other. */
  #then(step: () => Promise<void>): Promise<void> {
    const done = this.#work.then(step);
    this.#work = done.catch(() => {});
    return done;
  }
  async #moveTo(at: number): Promise<void> {
    let isFresh = false;
    if (this.#updates === null || at < this.at) {
      await this.#updates?.return();
      this.#updates = messages(this.#file);
      this.#next = null;
      isFresh = true;
    }
    this.at = at;
    for (;;) {
      this.#next ??= await this.#read();
      if (this.#next === null || this.#next.at > at) break;
      const update = this.#next;
      this.#next = null;
      this.model.apply(isFresh ? { ...update, isFresh } : update);
      isFresh = false;
    }
    this.#moved();
  }
  async #read(): Promise<Update | null> {
    for (;;) {
      const { value, done } = await this.#updates!.next();
      if (done === true) return null;
      if (value.type === "update") return value;
    }
  }
  #moved(): void {
    for (const listener of this.#listeners) listener();
  }
}
