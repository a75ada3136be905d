/** Permits between threads that share no memory. */
import { marksHeld } from "../runtime/held.ts";
import { ClosedError } from "../errors.ts";
import type { MessagePort } from "../internal/platform.ts";
import type { Future } from "../runtime/future.ts";
import { GONE, type Keeper } from "./keeper.ts";
import { KeeperWait } from "./keeper-wait.ts";
import { PermitKeeper } from "./permit-keeper.ts";
import type { Permits, SharedGuard } from "./permits.ts";
import { DistantKeeper } from "./port-line.ts";
import { SHARE, type SharedParts } from "./shareable.ts";

class Held implements SharedGuard {
  readonly isAbandoned: boolean;
  #keeper: Keeper | null;
  readonly #count: number;
  constructor(keeper: Keeper, count: number, isAbandoned: boolean) {
    this.#keeper = keeper;
    this.#count = count;
    this.isAbandoned = isAbandoned;
  }
  release(): void {
    const keeper = this.#keeper;
    this.#keeper = null;
    keeper?.tell({ what: "permits", count: this.#count });
  }
  [Symbol.dispose](): void {
    this.release();
  }
  [SHARE](): never {
    throw new ClosedError("what a thread holds of a lock cannot be passed to another; pass the lock");
  }
}
marksHeld(Held);

class Take extends KeeperWait<SharedGuard> {
  readonly #keeper: Keeper;
  readonly #count: number;
  readonly #what: string;
  constructor(keeper: Keeper, count: number, what: string) {
    super(keeper, { kind: "permits", argument: count });
    this.#keeper = keeper;
    this.#count = count;
    this.#what = what;
  }
  protected finish(wasAbandoned: unknown): SharedGuard {
    if (wasAbandoned === GONE) throw new ClosedError(`the thread that made ${this.#what} has ended`);
    return new Held(this.#keeper, this.#count, wasAbandoned as boolean);
  }
  override giveBack(guard: SharedGuard): void {
    guard.release();
  }
  override describeWait(): string {
    return this.#what;
  }
}

export class KeptPermits implements Permits {
  readonly #keeper: Keeper;
  constructor(permits: number, port?: MessagePort) {
    this.#keeper = port === undefined ? new PermitKeeper(permits) : new DistantKeeper(port);
  }
  take(count: number, what: string): Future<SharedGuard> {
    return new Take(this.#keeper, count, what);
  }
  tryHold(count: number): SharedGuard | undefined {
    const taken = this.#keeper.tryTake({ kind: "permits", argument: count });
    return typeof taken === "boolean" ? new Held(this.#keeper, count, taken) : undefined;
  }
  parts(): Omit<SharedParts, "kind" | "data"> {
    return { port: this.#keeper.line() };
  }
}
