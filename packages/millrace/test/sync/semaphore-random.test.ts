/**
 * Random programs on a semaphore. The model: who holds how many, and who waits for how many. Of those who
 * wait, as many of the first have been woken as fit into what is not held, and nobody else.
 */
import fc from "fast-check";
import { ClosedError, Semaphore, type SemaphorePermit } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, remove, testAgainstModel, when, type When } from "./model.ts";

interface Held {
  readonly permit: SemaphorePermit;
  count: number;
}

/** What an operation is about is how many permits it wants. */
class SemaphoreModel extends Model<number> {
  readonly semaphore: Semaphore;
  /** Permits that nobody holds; those assigned to waiters are among them. */
  free: number;
  held: Held[] = [];
  isClosed: boolean = false;

  constructor(permits: number) {
    super();
    this.semaphore = new Semaphore(permits);
    this.free = permits;
  }

  fit(operations: readonly Operation<number>[]): boolean {
    return sum(operations) <= this.free;
  }
  /** Free, and not assigned to or collected by anybody. */
  get available(): number {
    return this.fit(this.line) ? this.free - sum(this.line) : 0;
  }
  canTake(count: number): boolean {
    return count <= this.available;
  }
  isReady(operation: Operation<number>): boolean {
    if (this.isClosed) return true;
    if (!operation.isWaiting) return this.canTake(operation.about);
    return this.fit(this.line.slice(0, this.line.indexOf(operation) + 1));
  }
  served({ about: count }: Operation<number>, outcome: unknown): void {
    if (this.isClosed) return expect(outcome).toBeInstanceOf(ClosedError);
    this.free -= count;
    this.hold(outcome as SemaphorePermit, count);
  }
  hold(permit: SemaphorePermit, count: number): void {
    expect(permit.count).toBe(count);
    this.held.push({ permit, count });
  }

  acquire(count: number, at: When): void {
    this.begin(this.semaphore.acquire(count), count, at);
  }
  tryAcquire(count: number): void {
    const tried = this.semaphore.tryAcquire(count);
    expect(tried.ok).toBe(!this.isClosed && this.canTake(count));
    if (!tried.ok) return expect(tried.reason).toBe(this.isClosed ? "closed" : "none");
    this.free -= count;
    this.hold(tried.value, count);
  }
  addPermits(count: number): void {
    this.semaphore.addPermits(count);
    this.free += count;
  }
  forgetPermits(count: number): void {
    const forgotten = this.semaphore.forgetPermits(count);
    if (!this.isClosed) expect(forgotten).toBe(Math.min(count, this.available));
    this.free -= forgotten;
  }
  giveUp(at: number, how: "release" | "forget"): void {
    const holder = pick(this.held, at);
    if (holder === undefined) return;
    holder.permit[how]();
    holder.permit[Symbol.dispose]();
    if (how === "release") this.free += holder.count;
    remove(this.held, holder);
    expect(() => holder.permit.split(1)).toThrow(ClosedError);
  }
  split(at: number, count: number): void {
    const holder = pick(this.held, at);
    if (holder === undefined) return;
    const part = holder.permit.split(count);
    expect(part !== undefined).toBe(count <= holder.count);
    if (part === undefined) return;
    holder.count -= count;
    this.hold(part, count);
  }
  merge(at: number): void {
    const [into] = this.held;
    const holder = pick(this.held, at);
    if (holder === undefined || into === holder) return;
    into!.permit.merge(holder.permit);
    into!.count += holder.count;
    remove(this.held, holder);
  }
  close(): void {
    this.semaphore.close();
    this.isClosed = true;
  }

  override check(): void {
    super.check();
    expect(this.semaphore.isClosed).toBe(this.isClosed);
    if (!this.isClosed) expect(this.semaphore.availablePermits).toBe(this.available);
    else if (this.line.length === 0) expect(this.semaphore.availablePermits).toBe(this.free);
    for (const { permit, count } of this.held) expect(permit.count).toBe(count);
  }
  /** Every permit is free again. */
  finish(): void {
    while (this.held.length > 0) this.giveUp(0, "release");
    expect(this.semaphore.availablePermits).toBe(this.free);
  }
}

function sum(operations: readonly Operation<number>[]): number {
  return operations.reduce((total, { about }) => total + about, 0);
}

testAgainstModel({
  model: (permits: number) => new SemaphoreModel(permits),
  setup: fc.nat(5),
  commands: {
    acquire: [12, fc.nat(5), when],
    tryAcquire: [3, fc.nat(4)],
    addPermits: [2, fc.nat(3)],
    forgetPermits: [1, fc.nat(3)],
    giveUp: [8, index, fc.constantFrom("release", "release", "forget")],
    split: [2, index, fc.nat(4)],
    merge: [2, index],
    close: [1],
    poll: [10, index],
    drop: [6, index],
  },
});
