/**
 * The safety net under handles: one that is garbage-collected while open counts as closed (a guard or a
 * permit as released), and is reported.
 *
 * To be watched by the collector costs several times what taking a lock does. So a resource keeps its
 * open handles alive, in a list, until a turn of the host ends in which they were missed: somebody waited
 * for what they hold, or was refused it, or one more was opened (no more than one is kept that nobody
 * misses). Most are closed by then. The others are handed to the collector, once each.
 *
 *   OPEN, LISTED ──missed──► OPEN, LISTED, SOON ──turn ends──► OPEN, WATCHED ──collected──► LOST
 *        └───────────close──────────────────┴──────────────────────────────┴────► CLOSED      (released, reported)
 */
import { THREAD_BOUND } from "../internal/thread-bound.ts";
import { runningTaskId } from "../runtime/current-task.ts";
import { hooks } from "../runtime/hooks.ts";
import { host } from "../runtime/host.ts";
import type { Openers } from "../runtime/resource.ts";

/** What it means to lose a handle of some kind; `of` is what it was a handle of. */
export interface HandleKind<R> {
  /** For the report. */
  readonly what: string;
  /** Whether somebody waits for it to be closed; otherwise there is nothing to report. Not given: there always is. */
  isAwaited?(of: R): boolean;
  /** Does what closing the handle would have done. */
  release(of: R): void;
}

/** What is left of a watched handle when it is lost. It refers to the resource, never to the handle. */
export class Remains<R = unknown> {
  declare isOpen: boolean;
  declare private readonly kind: HandleKind<R>;
  declare readonly of: R;
  /** Among what is left of the handles of the same resource. */
  declare list: Handles | null;
  declare nextRemains: Remains | null;
  declare prevRemains: Remains | null;
  /** The task that opened it. */
  declare opener: number;
  constructor(kind: HandleKind<R>, of: R) {
    this.isOpen = true;
    this.list = null;
    this.nextRemains = null;
    this.prevRemains = null;
    this.opener = 0;
    this.kind = kind;
    this.of = of;
  }
  get what(): string {
    return this.kind.what;
  }
  get isReported(): boolean {
    return this.kind.isAwaited?.(this.of) !== false;
  }
  release(): void {
    this.kind.release(this.of);
  }
  /** Closed, or lost. */
  end(): void {
    this.isOpen = false;
    this.list?.ended(this as Remains);
  }
}

/** Of each kind of handle the first loss is reported. */
const reported: Set<string> = new Set();

const lost = new FinalizationRegistry<Remains>((remains) => {
  if (!remains.isOpen) return;
  remains.end();
  if (remains.isReported) {
    if (hooks.current !== null) hooks.current.handleLost?.(remains);
    if (!reported.has(remains.what)) {
      reported.add(remains.what);
      host.report(
        `millrace: ${remains.what} was garbage-collected while open; it counts as closed. Close it when done, or declare it with \`using\`. (Said once for each kind of handle.)`,
      );
    }
  }
  remains.release();
});

/** From now on only its users keep `handle` alive. `of` is the resource, or its list of handles. */
export function watch<R>(handle: object, remains: Remains<R>, of: object): void {
  lost.register(handle, remains);
  if (hooks.current !== null) hooks.current.handleWatched?.(of, handle, remains);
}

/** Something with handles that somebody waits for. */
export interface Watchable {
  /** Hands what is still open to the collector. */
  watchNow(): void;
}

/** The scheduler ends its turn after some thousand wake-ups, so this stays short. */
let soon: Watchable[] = [];

/** At the end of the host's turn. The caller sees to it that nothing is in the list twice. */
export function watchSoon(watchable: Watchable): void {
  if (soon.push(watchable) === 1) host.macrotask(watchAll);
}

function watchAll(): void {
  const watchables = soon;
  soon = [];
  for (const watchable of watchables) watchable.watchNow();
}

/** A handle of which a resource has many. */
export abstract class Handle {
  /** @internal */
  declare nextHandle: Handle | null;
  /** @internal */
  declare prevHandle: Handle | null;
  /** Once it is watched. @internal */
  declare remains: Remains | null;
  /** The number of the task that opened it, which keeps no task alive; 0 outside any. @internal */
  declare readonly opener: number;

  /** @internal */
  constructor() {
    this.opener = runningTaskId();
    this.nextHandle = null;
    this.prevHandle = null;
    this.remains = null;
  }
  /** Must not refer to the handle. @internal */
  abstract makeRemains(): Remains;
  /** @internal */
  get [THREAD_BOUND](): string {
    return this.makeRemains().what;
  }
}

/** The open handles of a resource. */
export class Handles implements Watchable, Openers {
  /** Those that nobody watches yet. */
  declare private head: Handle | null;
  declare private isSoon: boolean;
  /** What is left of the others. */
  declare private watched: Remains | null;
  constructor() {
    this.head = null;
    this.isSoon = false;
    this.watched = null;
  }

  /** A handle was opened. `isAwaited`: somebody waits already. */
  opened(handle: Handle, isAwaited: boolean): void {
    const { head } = this;
    if (head !== null) {
      handle.nextHandle = head;
      head.prevHandle = handle;
    }
    this.head = handle;
    if (isAwaited || head !== null) this.awaited();
    if (hooks.current !== null) hooks.current.handleOpened?.(this, handle);
  }
  closed(handle: Handle): void {
    if (hooks.current !== null) hooks.current.handleClosed?.(this, handle);
    if (handle.remains !== null) {
      handle.remains.end();
      return;
    }
    const { prevHandle, nextHandle } = handle;
    if (prevHandle === null) this.head = nextHandle;
    else {
      prevHandle.nextHandle = nextHandle;
      handle.prevHandle = null;
    }
    if (nextHandle === null) return;
    nextHandle.prevHandle = prevHandle;
    handle.nextHandle = null;
  }
  /** Somebody waits for what they hold, or was refused it. */
  awaited(): void {
    if (this.isSoon || this.head === null) return;
    this.isSoon = true;
    watchSoon(this);
  }

  watchNow(): void {
    this.isSoon = false;
    for (let handle = this.head; handle !== null;) {
      const next: Handle | null = handle.nextHandle;
      handle.nextHandle = handle.prevHandle = null;
      const remains = (handle.remains = handle.makeRemains());
      remains.opener = handle.opener;
      this.left(remains);
      watch(handle, remains, this);
      handle = next;
    }
    this.head = null;
  }

  private left(remains: Remains): void {
    const { watched } = this;
    remains.list = this;
    remains.nextRemains = watched;
    if (watched !== null) watched.prevRemains = remains;
    this.watched = remains;
  }
  /** A watched handle was closed, or is lost. */
  ended(remains: Remains): void {
    const { prevRemains, nextRemains } = remains;
    if (prevRemains === null) this.watched = nextRemains;
    else prevRemains.nextRemains = nextRemains;
    if (nextRemains !== null) nextRemains.prevRemains = prevRemains;
    remains.list = remains.nextRemains = remains.prevRemains = null;
  }

  *openers(): IterableIterator<number> {
    for (let handle = this.head; handle !== null; handle = handle.nextHandle) yield handle.opener;
    for (let left = this.watched; left !== null; left = left.nextRemains) yield left.opener;
  }
}
