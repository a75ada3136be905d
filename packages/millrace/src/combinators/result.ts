/** How something ended, for all who wait for that. */
import { wakeAll, type Listened, type Listener } from "../runtime/listeners.ts";

export class Result<T> implements Listened {
  listeners: Listener | null = null;
  isSettled: boolean = false;
  isFailed: boolean = false;
  result: unknown = undefined;

  settle(isFailed: boolean, result: unknown): void {
    this.isSettled = true;
    this.isFailed = isFailed;
    this.result = result;
    wakeAll(this);
  }
  /** Of a settled one. */
  take(): T {
    if (this.isFailed) throw this.result;
    return this.result as T;
  }
}
