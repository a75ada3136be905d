/**
 * Random programs on a channel, against a model without queues: who is served follows from the order of
 * arrival alone. Of those who wait for slots, the longest prefix whose needs fit into what is free has
 * been woken; of those who wait for messages, as many as are buffered.
 */
import fc from "fast-check";
import { ClosedError, type Future, mpsc, PENDING, SendError } from "millrace";
import { step, type Stepper } from "millrace/testing";
import { expect, test } from "vitest";

type Command =
  // What may wait is polled at once or, so that others come first, by a later command.
  | readonly ["send" | "reserve" | "recv", 0, "at once" | "later"]
  | readonly ["reserveMany" | "recvMany", number, "at once" | "later"]
  | readonly ["trySend" | "tryReserve" | "tryRecv" | "clone" | "upgrade"]
  | readonly ["poll" | "drop" | "usePermit" | "releasePermit" | "closeSender", number]
  | readonly ["closeReceiver" | "dispose"];

const when = fc.constantFrom("at once" as const, "at once" as const, "at once" as const, "later" as const);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(fc.constantFrom("send", "reserve", "recv"), fc.constant(0 as const), when),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("reserveMany", "recvMany"), fc.nat(4), when) },
  { weight: 7, arbitrary: fc.tuple(fc.constantFrom("trySend", "tryReserve", "tryRecv")) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("clone", "upgrade")) },
  { weight: 12, arbitrary: fc.tuple(fc.constant("poll"), fc.nat(12)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("drop"), fc.nat(12)) },
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom("usePermit", "releasePermit"), fc.nat(12)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("closeSender"), fc.nat(12)) },
  { weight: 1, arbitrary: fc.constantFrom<Command>(["closeReceiver"], ["dispose"]) },
);

/** One operation under way, in the channel and in the model. */
interface Operation {
  readonly kind: "send" | "reserve" | "recv";
  /** Slots it needs, or the most messages it takes. */
  readonly count: number;
  readonly value: number;
  readonly into: number[] | undefined;
  readonly stepper: Stepper<unknown>;
  isWaiting: boolean;
}

const FAILED = "failed";

class Run {
  readonly tx: mpsc.Sender<number>;
  readonly rx: mpsc.Receiver<number>;
  readonly weak: mpsc.WeakSender<number>;
  // the model
  readonly capacity: number;
  buffer: number[] = [];
  senders: mpsc.Sender<number>[];
  permits: mpsc.Permit<number>[] = [];
  slotWaiters: Operation[] = [];
  itemWaiters: Operation[] = [];
  isReceiverClosed: boolean = false;
  operations: Operation[] = [];
  #nextValue: number = 0;
  #isDiscarding: boolean = false;

  constructor(capacity: number) {
    this.capacity = capacity;
    [this.tx, this.rx] = mpsc.channel<number>(capacity);
    this.senders = [this.tx];
    this.weak = this.tx.downgrade();
  }

  // ── what the model says

  get hasSenders(): boolean {
    return this.senders.length + this.permits.length + this.slotWaiters.length > 0;
  }
  get isEnded(): boolean {
    return this.isReceiverClosed ? this.permits.length === 0 : !this.hasSenders;
  }
  get cannotSend(): boolean {
    return this.isReceiverClosed || this.isEnded;
  }
  /** Slots not in use; those assigned to waiters are among them. */
  get free(): number {
    return this.capacity - this.buffer.length - this.permits.length;
  }
  grantedSlots(): Set<Operation> {
    const granted = new Set<Operation>();
    let rest = this.free;
    for (const operation of this.slotWaiters) {
      if (operation.count > rest) break;
      rest -= operation.count;
      granted.add(operation);
    }
    return granted;
  }
  get freeSlots(): number {
    if (this.isReceiverClosed) return NaN;
    const granted = this.grantedSlots();
    if (granted.size < this.slotWaiters.length) return 0;
    return this.slotWaiters.reduce((rest, { count }) => rest - count, this.free);
  }
  canTakeSlots(count: number): boolean {
    return count <= this.freeSlots;
  }
  get freeItems(): number {
    return Math.max(0, this.buffer.length - this.itemWaiters.length);
  }
  isServed(operation: Operation): boolean {
    if (operation.kind !== "recv") return this.isReceiverClosed || this.grantedSlots().has(operation);
    return this.itemWaiters.indexOf(operation) < this.buffer.length || this.isDrained;
  }
  get isDrained(): boolean {
    return (this.isEnded || this.#isDiscarding) && this.buffer.length === 0;
  }

  // ── what is done to both

  start(kind: Operation["kind"], count: number, future: Future<unknown>, value = -1, into?: number[]): void {
    this.operations.push({ kind, count, value, into, stepper: step(future), isWaiting: false });
  }

  leave(operation: Operation): void {
    this.operations = this.operations.filter((other) => other !== operation);
    this.slotWaiters = this.slotWaiters.filter((other) => other !== operation);
    this.itemWaiters = this.itemWaiters.filter((other) => other !== operation);
  }

  poll(operation: Operation): void {
    const isReady = operation.isWaiting ? this.isServed(operation) : this.isReadyAtOnce(operation);
    const actual = outcome(operation.stepper);
    if (!isReady) {
      expect(actual).toBe(PENDING);
      if (operation.isWaiting) return;
      operation.isWaiting = true;
      (operation.kind === "recv" ? this.itemWaiters : this.slotWaiters).push(operation);
      return;
    }
    const isFailed = operation.kind !== "recv" && this.cannotSend;
    this.leave(operation);
    if (isFailed) expect(actual).toBe(FAILED);
    else if (operation.kind === "send") {
      expect(actual).toBeUndefined();
      this.buffer.push(operation.value);
    } else if (operation.kind === "reserve") {
      const permits = [actual].flat() as mpsc.Permit<number>[];
      expect(permits).toHaveLength(operation.count);
      this.permits.push(...permits);
    } else if (operation.into === undefined) {
      expect(actual).toBe(this.isDrained ? undefined : this.buffer.shift());
    } else {
      const most = this.isDrained ? 0 : Math.min(operation.count, 1 + Math.max(0, this.freeItems - 1));
      const taken = this.buffer.splice(0, most);
      expect([actual, operation.into]).toEqual([taken.length, taken]);
    }
  }

  isReadyAtOnce({ kind, count }: Operation): boolean {
    if (kind !== "recv") return this.cannotSend || this.canTakeSlots(count);
    return count === 0 || this.freeItems > 0 || this.isDrained;
  }

  do([name, argument = 0, polled]: Command): void {
    const started = this.operations.length;
    this.#do(name, argument);
    if (this.operations.length > started && polled === "at once") this.poll(this.operations.at(-1)!);
  }

  #do(name: Command[0], argument: number): void {
    const sender = this.senders.at(-1);
    const value = this.#nextValue++;
    switch (name) {
      case "send":
        if (sender !== undefined) this.start("send", 1, sender.send(value), value);
        break;
      case "reserve":
        if (sender !== undefined) this.start("reserve", 1, sender.reserve());
        break;
      case "reserveMany": {
        const count = Math.min(argument, this.capacity);
        if (sender !== undefined) this.start("reserve", count, sender.reserveMany(count));
        break;
      }
      case "recv":
        this.start("recv", 1, this.rx.recv());
        break;
      case "recvMany": {
        const into: number[] = [];
        this.start("recv", argument, this.rx.recvMany(into, argument), -1, into);
        break;
      }
      case "trySend":
      case "tryReserve": {
        if (sender === undefined) break;
        const tried = name === "trySend" ? sender.trySend(value) : sender.tryReserve();
        const isOk = !this.cannotSend && this.canTakeSlots(1);
        const reason = this.isReceiverClosed ? "closed" : "full";
        expect(tried).toEqual(isOk ? { ok: true, value: tried.ok && tried.value } : { ok: false, reason });
        if (tried.ok && name === "trySend") this.buffer.push(value);
        else if (tried.ok) this.permits.push(tried.value as mpsc.Permit<number>);
        break;
      }
      case "tryRecv": {
        const tried = this.rx.tryRecv();
        if (this.freeItems > 0) expect(tried).toEqual({ ok: true, value: this.buffer.shift() });
        else expect(tried).toEqual({ ok: false, reason: this.isDrained ? "closed" : "empty" });
        break;
      }
      case "clone":
        if (sender !== undefined) this.senders.push(sender.clone());
        break;
      case "upgrade": {
        const upgraded = this.weak.upgrade();
        expect(upgraded !== undefined).toBe(this.hasSenders);
        if (upgraded !== undefined) this.senders.push(upgraded);
        break;
      }
      case "closeSender":
        if (this.senders.length > 0) this.senders.splice(argument % this.senders.length, 1)[0]!.close();
        break;
      case "usePermit":
      case "releasePermit": {
        if (this.permits.length === 0) break;
        const [permit] = this.permits.splice(argument % this.permits.length, 1);
        if (name === "releasePermit") permit!.release();
        else {
          permit!.send(value);
          if (!this.#isDiscarding) this.buffer.push(value);
        }
        break;
      }
      case "closeReceiver":
        this.rx.close();
        this.isReceiverClosed = true;
        break;
      case "dispose":
        this.rx[Symbol.dispose]();
        this.isReceiverClosed = this.#isDiscarding = true;
        this.buffer = [];
        break;
      default: {
        if (this.operations.length === 0) break;
        const operation = this.operations[argument % this.operations.length]!;
        if (name === "poll") this.poll(operation);
        else {
          operation.stepper.drop();
          this.leave(operation);
        }
      }
    }
  }

  /** Everybody goes away: every slot is free again, and the channel ends. */
  finish(): void {
    for (const { stepper } of this.operations) stepper.drop();
    for (const permit of this.permits) permit.release();
    const isOpen = !this.isReceiverClosed && this.senders.length > 0;
    if (isOpen) expect(this.tx.capacity).toBe(this.capacity - this.buffer.length);
    for (const sender of this.senders) sender.close();
    if (!this.#isDiscarding)
      for (const value of this.buffer) expect(this.rx.tryRecv()).toEqual({ ok: true, value });
    expect(this.rx.tryRecv()).toEqual({ ok: false, reason: "closed" });
  }

  check(): void {
    expect(this.rx.size).toBe(this.buffer.length);
    expect(this.rx.isClosed).toBe(this.isReceiverClosed || !this.hasSenders);
    expect(this.weak.strongCount).toBe(this.senders.length);
    if (!this.isReceiverClosed) expect(this.tx.capacity).toBe(this.freeSlots);
    for (const operation of this.operations) {
      if (operation.isWaiting) expect(operation.stepper.isWoken).toBe(this.isServed(operation));
    }
  }
}

function outcome(stepper: Stepper<unknown>): unknown {
  try {
    return stepper.poll();
  } catch (error) {
    expect(error).toBeInstanceOf(ClosedError);
    return error instanceof SendError || error instanceof ClosedError ? FAILED : error;
  }
}

test("random programs do what the model does, step by step", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(command, { maxLength: 60, size: "max" }),
      (capacity, program) => {
        const run = new Run(capacity);
        for (const next of program) {
          run.do(next);
          run.check();
        }
        run.finish();
      },
    ),
    { numRuns: 100 },
  );
});
