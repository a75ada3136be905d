/**
 * Random programs on a semaphore, against a model without queues: of those who wait, the longest prefix
 * whose requests fit into what is not held has been woken, and nobody else.
 */
import fc from "fast-check";
import { ClosedError, PENDING, Semaphore, type SemaphorePermit } from "millrace";
import { step, type Stepper } from "millrace/testing";
import { expect, test } from "vitest";

type Command =
  | readonly ["acquire", number, "at once" | "later"]
  | readonly ["tryAcquire" | "add" | "forgetFree" | "poll" | "drop" | "release" | "forget", number]
  | readonly ["split" | "merge", number, number]
  | readonly ["close"];

const when = fc.constantFrom("at once" as const, "at once" as const, "at once" as const, "later" as const);
const index = fc.nat(10);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant("acquire" as const), fc.nat(5), when) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("tryAcquire" as const), fc.nat(4)) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("add" as const, "forgetFree" as const), fc.nat(3)) },
  { weight: 10, arbitrary: fc.tuple(fc.constant("poll" as const), index) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("drop" as const), index) },
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom("release" as const, "forget" as const), index) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("split" as const, "merge" as const), index, fc.nat(4)) },
  { weight: 1, arbitrary: fc.constant<Command>(["close"]) },
);

interface Request {
  readonly count: number;
  readonly stepper: Stepper<SemaphorePermit>;
  isWaiting: boolean;
}

class Run {
  readonly semaphore: Semaphore;
  /** Permits that nobody holds; those assigned to waiters are among them. */
  free: number;
  held: { permit: SemaphorePermit; count: number }[] = [];
  requests: Request[] = [];
  waiters: Request[] = [];
  isClosed: boolean = false;

  constructor(permits: number) {
    this.semaphore = new Semaphore(permits);
    this.free = permits;
  }

  get granted(): Set<Request> {
    const granted = new Set<Request>();
    let rest = this.free;
    for (const request of this.waiters) {
      if (request.count > rest) break;
      rest -= request.count;
      granted.add(request);
    }
    return granted;
  }
  /** Free, and not assigned or collected by a waiter. */
  get available(): number {
    if (this.granted.size < this.waiters.length) return 0;
    return this.waiters.reduce((rest, { count }) => rest - count, this.free);
  }
  canTake(count: number): boolean {
    return count <= this.available;
  }
  hold(permit: SemaphorePermit, count: number): void {
    expect(permit.count).toBe(count);
    this.held.push({ permit, count });
  }
  leave(request: Request): void {
    this.requests = this.requests.filter((other) => other !== request);
    this.waiters = this.waiters.filter((other) => other !== request);
  }

  poll(request: Request): void {
    const { stepper, count } = request;
    if (this.isClosed) {
      expect(() => stepper.poll()).toThrow(ClosedError);
      return this.leave(request);
    }
    const isReady = request.isWaiting ? this.granted.has(request) : this.canTake(count);
    const result = stepper.poll();
    if (!isReady) {
      expect(result).toBe(PENDING);
      if (!request.isWaiting) this.waiters.push(request);
      request.isWaiting = true;
      return;
    }
    this.leave(request);
    this.free -= count;
    this.hold(result as SemaphorePermit, count);
  }

  do([name, argument = 0, other]: Command): void {
    const request = this.requests[argument % (this.requests.length || 1)];
    const at = argument % (this.held.length || 1);
    const holder = this.held[at];
    switch (name) {
      case "acquire": {
        const stepper = step(this.semaphore.acquire(argument));
        this.requests.push({ count: argument, stepper, isWaiting: false });
        if (other === "at once") this.poll(this.requests.at(-1)!);
        break;
      }
      case "tryAcquire": {
        const tried = this.semaphore.tryAcquire(argument);
        const isOk = !this.isClosed && this.canTake(argument);
        expect(tried.ok).toBe(isOk);
        if (!tried.ok) expect(tried.reason).toBe(this.isClosed ? "closed" : "none");
        else {
          this.free -= argument;
          this.hold(tried.value, argument);
        }
        break;
      }
      case "add":
        this.semaphore.addPermits(argument);
        this.free += argument;
        break;
      case "forgetFree": {
        const forgotten = this.semaphore.forgetPermits(argument);
        if (!this.isClosed) expect(forgotten).toBe(Math.min(argument, this.available));
        this.free -= forgotten;
        break;
      }
      case "poll":
        if (request !== undefined) this.poll(request);
        break;
      case "drop":
        if (request === undefined) break;
        request.stepper.drop();
        this.leave(request);
        break;
      case "release":
      case "forget":
        if (holder === undefined) break;
        holder.permit[name]();
        if (name === "release") this.free += holder.count;
        this.held.splice(at, 1);
        break;
      case "split": {
        if (holder === undefined) break;
        const count = other as number;
        const part = holder.permit.split(count);
        expect(part !== undefined).toBe(count <= holder.count);
        if (part === undefined) break;
        holder.count -= count;
        this.hold(part, count);
        break;
      }
      case "merge": {
        const [into] = this.held;
        if (holder === undefined || into === holder) break;
        into!.permit.merge(holder.permit);
        into!.count += holder.count;
        this.held.splice(at, 1);
        break;
      }
      case "close":
        this.semaphore.close();
        this.isClosed = true;
        break;
    }
  }

  /** Everybody goes away: every permit is free again. */
  finish(): void {
    for (const { stepper } of this.requests) stepper.drop();
    for (const { permit, count } of this.held) {
      permit.release();
      this.free += count;
    }
    expect(this.semaphore.availablePermits).toBe(this.free);
  }

  check(): void {
    expect(this.semaphore.isClosed).toBe(this.isClosed);
    if (!this.isClosed) expect(this.semaphore.availablePermits).toBe(this.available);
    else if (this.waiters.length === 0) expect(this.semaphore.availablePermits).toBe(this.free);
    for (const { permit, count } of this.held) expect(permit.count).toBe(count);
    for (const request of this.waiters) {
      expect(request.stepper.isWoken).toBe(this.isClosed || this.granted.has(request));
    }
  }
}

test("random programs do what the model does, step by step", () => {
  fc.assert(
    fc.property(fc.nat(5), fc.array(command, { maxLength: 60, size: "max" }), (permits, program) => {
      const run = new Run(permits);
      for (const next of program) {
        run.do(next);
        run.check();
      }
      run.finish();
    }),
    { numRuns: 100 },
  );
});
