/** A scheduler that never runs by itself: its owner has it run one thing after another. */
import { Scheduler, type Runnable } from "./scheduler.ts";

export class ManualScheduler extends Scheduler {
  /** There is something to run. */
  onReady: (() => void) | null = null;

  protected override schedule(): void {
    this.onReady?.();
  }

  /** Runs one ready runnable; deferred ones are ready once nothing else is. */
  tick(): boolean {
    if (this.head === null) this.nextTurn();
    const runnable = this.head;
    if (runnable === null) return false;
    this.runNow(runnable);
    return true;
  }

  /** Runs a ready one out of turn. */
  runNow(runnable: Runnable): void {
    this.unlink(runnable);
    this.polls++;
    runnable.run();
  }
  /** Those that have yielded are ready again. */
  nextTurn(): void {
    if (this.deferredCount > 0) this.wakeDeferred();
  }
}
