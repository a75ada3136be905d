/** Random programs on a mutex. The model: nobody holds it, and one is the first of those who wait. */
import { ClosedError, Mutex, type MutexGuard, PENDING } from "millrace";
import { expect } from "vitest";
import { Probe } from "../probe.ts";
import { index, Model, type Operation, testAgainstModel, when, type When } from "./model.ts";

/** The body of a `with`, which ends when the probe does; null for a `lock`. */
type About = Probe | null;

class MutexModel extends Model<About> {
  readonly mutex: Mutex<number> = new Mutex(0);
  value: number = 0;
  guard: MutexGuard<number> | undefined;
  runner: Operation<About> | undefined;
  ended: Set<Probe> = new Set();

  get isHeld(): boolean {
    return this.guard !== undefined || this.runner !== undefined;
  }
  isReady(operation: Operation<About>): boolean {
    if (operation.isRunning) return this.ended.has(operation.about!);
    return !this.isHeld && (this.line[0] ?? operation) === operation;
  }
  served(operation: Operation<About>, outcome: unknown): void {
    if (operation === this.runner) {
      expect(outcome).toBe("done");
      this.runner = undefined;
    } else if (operation.about === null) this.hold(outcome as MutexGuard<number>);
    else {
      expect(outcome).toBe(PENDING);
      this.runner = operation;
      this.goesOn(operation);
    }
  }
  override dropped(operation: Operation<About>): void {
    if (operation === this.runner) this.runner = undefined;
  }
  hold(guard: MutexGuard<number>): void {
    expect(guard.value).toBe(this.value);
    guard.value = ++this.value;
    this.guard = guard;
  }

  lock(at: When): void {
    this.begin(this.mutex.lock(), null, at);
  }
  with(at: When): void {
    const probe = new Probe();
    const body = function* () {
      yield* probe;
      return "done";
    };
    this.begin(this.mutex.with(body), probe, at);
  }
  endBody(): void {
    if (this.runner === undefined || this.ended.has(this.runner.about!)) return;
    this.ended.add(this.runner.about!);
    this.runner.about!.resolve();
  }
  tryLock(): void {
    const guard = this.mutex.tryLock();
    expect(guard !== undefined).toBe(!this.isHeld && this.line.length === 0);
    if (guard !== undefined) this.hold(guard);
  }
  release(): void {
    const { guard } = this;
    if (guard === undefined) return;
    this.guard = undefined;
    guard.release();
    guard[Symbol.dispose]();
    expect(() => guard.value).toThrow(ClosedError);
  }

  override check(): void {
    super.check();
    expect(this.mutex.isLocked).toBe(this.isHeld || this.line.length > 0);
  }
  finish(): void {
    this.release();
    expect(this.mutex.tryLock()?.value).toBe(this.value);
  }
}

testAgainstModel({
  model: () => new MutexModel(),
  commands: {
    lock: [8, when],
    with: [4, when],
    endBody: [4],
    tryLock: [3],
    release: [6],
    poll: [12, index],
    drop: [6, index],
  },
});
