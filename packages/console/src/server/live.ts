/**
 * The program that runs in this process. There is one feed in a process, however many consoles and recordings
 * read it; it is open while there is one.
 *
 * The feed is looked at ten times a second while somebody reads, from a timer that keeps no program alive. One
 * look is bounded, so that a program with a hundred thousand tasks is not held up by being looked at.
 */
import { performance } from "node:perf_hooks";
import { basename } from "node:path";
import type { Feed } from "millrace/feed";
import { VERSION, type Hello, type Loop, type TaskDetail } from "../protocol/messages.ts";
import { Model } from "./model.ts";
import type { Source } from "./source.ts";

/** In ms. */
const EVERY = 100;

class Live {
  readonly model: Model = new Model();
  readonly hello: Hello = {
    type: "hello",
    version: VERSION,
    program: {
      name: programName(),
      pid: process.pid,
      runtime: `node ${process.versions.node}`,
      origin: performance.timeOrigin,
    },
  };
  users: number = 0;
  readonly #feed: Feed;
  #readers: number = 0;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt: number = performance.now();
  #usage: ReturnType<typeof performance.eventLoopUtilization> = performance.eventLoopUtilization();

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  watched(by: 1 | -1): void {
    this.#readers += by;
    if (this.#readers > 0 && this.#timer === undefined) {
      this.#lookedAt = performance.now();
      this.look();
      this.#timer = setInterval(() => this.look(), EVERY).unref();
    } else if (this.#readers === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
  aside<T>(work: () => T): T {
    return this.#feed.aside(work);
  }
  look(): void {
    this.aside(() => this.#look());
  }
  #look(): void {
    const { at, tasks, resources, gone, warnings, polls, totals, dropped, pending } = this.#feed.take();
    this.model.apply({
      type: "update",
      seq: 0,
      at,
      tasks,
      resources,
      goneResources: gone,
      warnings,
      polls,
      totals,
      loop: this.#loop(),
      dropped: { ...dropped, warnings: 0 },
      pending,
    });
  }
  #loop(): Loop {
    const usage = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(usage, this.#usage);
    this.#usage = usage;
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#lookedAt - EVERY);
    this.#lookedAt = now;
    return { busy: utilization, lateMs };
  }
  detail(task: number): TaskDetail | undefined {
    return this.#feed.detail(task);
  }
  close(): void {
    clearInterval(this.#timer);
    this.#feed[Symbol.dispose]();
  }
}

let live: Live | undefined;

/** `open` makes the feed if there is none yet. */
export function openLive(open: () => Feed): Source {
  live ??= new Live(open());
  const joined = live;
  joined.users++;
  let isOpen = true;
  return {
    model: joined.model,
    hello: joined.hello,
    detail: (task) => joined.detail(task),
    watched: (by) => joined.watched(by),
    look: () => joined.look(),
    aside: (work) => joined.aside(work),
    close() {
      if (!isOpen) return;
      isOpen = false;
      if (--joined.users > 0) return;
      joined.close();
      live = undefined;
    },
  };
}

function programName(): string {
  const [, script] = process.argv;
  return script === undefined ? "node" : basename(script);
}
