/**
 * Connections that are used by one at a time, and kept for the next.
 *
 *   (absent) ──open──► leased ──given back, ready──► idle ──lease──► leased
 *                        │                             └──idle for long──► closed
 *                        └──given back, not ready──► destroyed
 *
 * A permit of the semaphore stands for a connection that is leased, from before it is opened until it is
 * given back: so there are never more, whoever waits is served in turn, and a connection that breaks costs
 * nobody his turn. Idle ones that broke meanwhile are thrown away when their turn comes; that is all there
 * is to healing.
 */
import { ClosedError, Semaphore, select, sleep, type Routine, type SemaphorePermit } from "millrace";
import type { Connection } from "./connection.ts";
import { PoolError } from "./errors.ts";
import { LONGEST_WAIT } from "./options.ts";

export interface PoolOptions {
  readonly size: number;
  /** How long to wait for a connection to become free, in ms. */
  readonly acquireTimeout: number;
  /** After how long an idle connection is closed, in ms. */
  readonly idleTimeout: number;
}

/** A connection on loan. Disposing gives it back. */
export interface Lease extends Disposable {
  readonly connection: Connection;
}

interface Idle {
  readonly connection: Connection;
  readonly since: number;
}

export class Pool {
  readonly #target: string;
  readonly #open: () => Routine<Connection>;
  readonly #options: PoolOptions;
  readonly #permits: Semaphore;
  /** The one used last is used next, so that those that are not needed grow old. */
  readonly #idle: Idle[] = [];
  #isClosing: boolean = false;
  #sweep: ReturnType<typeof setTimeout> | undefined;

  constructor(target: string, open: () => Routine<Connection>, options: PoolOptions) {
    this.#target = target;
    this.#open = open;
    this.#options = options;
    this.#permits = new Semaphore(options.size, { name: `connections to ${target}` });
  }

  get leased(): number {
    return this.#options.size - this.#permits.availablePermits;
  }
  get idle(): number {
    return this.#idle.filter(({ connection }) => connection.isReady).length;
  }

  *lease(): Routine<Lease> {
    const permit = yield* this.#acquire();
    let lease: Lease | undefined;
    try {
      return (lease = this.#lend(this.#takeIdle() ?? (yield* this.#open()), permit));
    } finally {
      if (lease === undefined) permit.release();
    }
  }

  /** Lets whoever has a connection, or waits for one, finish; then closes them all. */
  *close(): Routine<void> {
    this.#isClosing = true;
    try {
      using _all = yield* this.#permits.acquire(this.#options.size);
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error; // closed already
    }
    this.#permits.close();
    clearTimeout(this.#sweep);
    const left = this.#idle.splice(0);
    try {
      for (; left[0] !== undefined; left.shift()) yield* left[0].connection.close();
    } finally {
      // Abandoned, or one that could not be closed: nothing stays open.
      for (const { connection } of left) connection.destroy();
    }
  }

  *#acquire(): Routine<SemaphorePermit> {
    if (this.#isClosing) throw new ClosedError(`${this.#target} was closed`);
    const { size, acquireTimeout } = this.#options;
    const free = this.#permits.tryAcquire();
    if (free.ok) return free.value;
    const first = yield* select(
      { permit: this.#permits.acquire(), late: sleep(acquireTimeout) },
      { biased: true },
    );
    if (first.key === "permit") return first.value;
    throw new PoolError(
      `no connection to ${this.#target} became free within ${acquireTimeout} ms: ${size} of ${size} are in use`,
    );
  }

  #takeIdle(): Connection | undefined {
    for (;;) {
      const last = this.#idle.pop();
      if (last === undefined || last.connection.isReady) return last?.connection;
      last.connection.destroy();
    }
  }

  #lend(connection: Connection, permit: SemaphorePermit): Lease {
    let isOver = false;
    return {
      connection,
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        if (connection.isReady && !connection.isInTransaction) this.#keep(connection);
        else connection.destroy();
        permit.release();
      },
    };
  }

  #keep(connection: Connection): void {
    this.#idle.push({ connection, since: Date.now() });
    this.#sweepLater();
  }

  /** The timer keeps no program alive. */
  #sweepLater(): void {
    const { idleTimeout } = this.#options;
    if (this.#sweep !== undefined || idleTimeout === Number.POSITIVE_INFINITY) return;
    this.#sweep = setTimeout(
      () => {
        this.#sweep = undefined;
        while (this.#idle[0] !== undefined && Date.now() - this.#idle[0].since >= idleTimeout) {
          this.#idle.shift()?.connection.destroy();
        }
        if (this.#idle.length > 0) this.#sweepLater();
      },
      Math.min(idleTimeout, LONGEST_WAIT),
    ).unref();
  }
}
