/**
 * Futures that were made and never used: a lazy computation that nobody awaits does nothing.
 *
 * Used is what was claimed, awaited, dropped or polled. An unused one that somebody still has may be used yet,
 * however long ago it was made. So it is told when it is garbage-collected, or when `main` or the recording ends and
 * the task or call that made it has ended as well; what a module made, when the program ends. None is told of whose
 * maker, or who called that, was cancelled or has failed: it did not come to the place where it would have been used.
 */
import type { Waker } from "../runtime/body.ts";
import type { Branch } from "../runtime/branch.ts";
import type { Future } from "../runtime/future.ts";
import { host } from "../runtime/host.ts";
import type { TaskId } from "../runtime/kernel.ts";

export interface Unused {
  readonly what: string;
  readonly at: string | undefined;
  readonly task: TaskId | undefined;
  readonly maker: Maker | null;
  isOver: boolean;
}

/** What has to be known of a call or task that made a future, also when it is no more. */
class Maker {
  readonly caller: Maker | null;
  readonly #branch: WeakRef<Branch<unknown>>;
  /** It was cancelled, or has failed. */
  isSpoilt: boolean = false;

  constructor(branch: Branch<unknown>) {
    this.caller = branch.parent === null ? null : makerOf(branch.parent);
    this.#branch = new WeakRef(branch);
  }
  get hasEnded(): boolean {
    return this.#branch.deref()?.isDone ?? true;
  }
}

/** What is kept on a future itself: tables of weak references cost several times as much. */
const ENTRY: unique symbol = Symbol("millrace.unused");
interface Watched {
  [ENTRY]?: Unused;
  poll: (waker: Waker) => unknown;
  drop: () => void;
}

/** The same for a branch. */
const MAKER: unique symbol = Symbol("millrace.maker");
interface Making {
  [MAKER]?: Maker;
}

export class UnusedFutures {
  readonly #report: (unused: Unused) => void;
  /** Made in this turn of the host. Most are used in it, and so the collector need not watch them. */
  #young: Future<unknown>[] = [];
  /** What is not known to have been used. */
  readonly #open: Set<Unused> = new Set();
  readonly #lost: FinalizationRegistry<Unused> = new FinalizationRegistry((unused) => this.#tell(unused));

  constructor(report: (unused: Unused) => void) {
    this.#report = report;
  }

  made(
    future: Future<unknown>,
    at: string | undefined,
    task: TaskId | undefined,
    maker: Branch<unknown> | null,
  ): void {
    const unused: Unused = {
      what: future.constructor.name,
      at,
      task,
      maker: maker === null ? null : makerOf(maker),
      isOver: false,
    };
    this.#open.add(unused);
    // The library polls some of its own futures without claiming them, and anybody may drop one. Until then these
    // are properties of the one future, in front of its class's.
    const watched = future as Watched;
    watched[ENTRY] = unused;
    watched.poll = polled;
    watched.drop = dropped;
    if (this.#young.push(future) === 1) host.macrotask(() => this.#turnEnded());
  }
  #turnEnded(): void {
    for (const future of this.#young) {
      const unused = (future as Watched)[ENTRY]!;
      if (unused.isOver) this.#open.delete(unused);
      else this.#lost.register(future, unused);
    }
    this.#young = [];
  }

  used(future: Future<unknown>): void {
    use(future as Watched);
  }
  /** A call or task was cancelled or has failed. */
  spoilt(branch: Branch<unknown>): void {
    const maker = (branch as Making)[MAKER];
    if (maker !== undefined) maker.isSpoilt = true;
  }

  sweep(): void {
    for (const unused of this.#open) if (unused.isOver) this.#open.delete(unused);
  }
  /** `main`, or the recording, is over. */
  tellAll(): void {
    for (const unused of this.#open) if (unused.maker?.hasEnded) this.#tell(unused);
  }
  /** The program is over: what its modules made, outside of calls and tasks, is used no more. */
  tellModules(): void {
    for (const unused of this.#open) if (unused.maker === null) this.#tell(unused);
  }

  /** It will not be used any more. */
  #tell(unused: Unused): void {
    this.#open.delete(unused);
    if (unused.isOver) return;
    unused.isOver = true;
    for (let { maker } = unused; maker !== null; maker = maker.caller) if (maker.isSpoilt) return;
    this.#report(unused);
  }
}

function makerOf(branch: Branch<unknown>): Maker {
  return ((branch as Making)[MAKER] ??= new Maker(branch));
}

function use(future: Watched): void {
  const unused = future[ENTRY];
  if (unused === undefined || unused.isOver) return;
  unused.isOver = true;
  // Not deleted: an object that has lost properties is slow ever after.
  const { poll, drop } = Object.getPrototypeOf(future) as Watched;
  if (future.poll === polled) future.poll = poll;
  if (future.drop === dropped) future.drop = drop;
}
function polled(this: Watched, waker: Waker): unknown {
  use(this);
  return (Object.getPrototypeOf(this) as Watched).poll.call(this, waker);
}
function dropped(this: Watched): void {
  use(this);
  (Object.getPrototypeOf(this) as Watched).drop.call(this);
}
