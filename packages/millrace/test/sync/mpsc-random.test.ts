/**
 * Random programs on a bounded channel. The model: what is buffered, who may send, and who waits. Of those
 * who wait for slots, as many of the first have been woken as fit into what is free; of those who wait for
 * messages, as many as are buffered, and each has the message of its place in the line.
 */
import fc from "fast-check";
import { ClosedError, type Future, mpsc, SendError } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, remove, testAgainstModel, when, type When } from "./model.ts";

interface About {
  readonly kind: "send" | "reserve" | "recv" | "closed";
  /** Slots it needs, or the most messages it takes. */
  readonly count: number;
  readonly value?: number;
  readonly into?: number[];
}

class ChannelModel extends Model<About> {
  readonly capacity: number;
  readonly tx: mpsc.Sender<number>;
  readonly rx: mpsc.Receiver<number>;
  readonly weak: mpsc.WeakSender<number>;
  buffer: number[] = [];
  senders: mpsc.Sender<number>[];
  permits: mpsc.Permit<number>[] = [];
  isReceiverClosed: boolean = false;
  isDiscarding: boolean = false;
  #nextValue: number = 0;
  #isRefused: boolean = false;
  /** In the line for messages, of who is polled. */
  #place: number = 0;

  constructor(capacity: number) {
    super();
    this.capacity = capacity;
    [this.tx, this.rx] = mpsc.channel<number>(capacity);
    this.senders = [this.tx];
    this.weak = this.tx.downgrade();
  }

  // ── what the model says

  get slotLine(): Operation<About>[] {
    return this.line.filter(({ about }) => about.kind === "send" || about.kind === "reserve");
  }
  get itemLine(): Operation<About>[] {
    return this.line.filter(({ about }) => about.kind === "recv");
  }
  get hasSenders(): boolean {
    return this.senders.length + this.permits.length + this.slotLine.length > 0;
  }
  get isEnded(): boolean {
    return this.isReceiverClosed ? this.permits.length === 0 : !this.hasSenders;
  }
  get cannotSend(): boolean {
    return this.isReceiverClosed || this.isEnded;
  }
  get isDrained(): boolean {
    return (this.isEnded || this.isDiscarding) && this.buffer.length === 0;
  }
  /** Whether all of these can be served from what is neither buffered nor reserved. */
  fit(operations: readonly Operation<About>[]): boolean {
    const needed = operations.reduce((sum, { about }) => sum + about.count, 0);
    return needed <= this.capacity - this.buffer.length - this.permits.length;
  }
  /** Free, and not assigned to or collected by anybody. */
  get freeSlots(): number {
    const { slotLine } = this;
    if (!this.fit(slotLine)) return 0;
    const assigned = slotLine.reduce((sum, { about }) => sum + about.count, 0);
    return this.capacity - this.buffer.length - this.permits.length - assigned;
  }
  get freeItems(): number {
    return Math.max(0, this.buffer.length - this.itemLine.length);
  }
  isReady(operation: Operation<About>): boolean {
    const { about, isWaiting } = operation;
    if (about.kind === "closed") return this.isReceiverClosed;
    if (about.kind === "recv") {
      if (isWaiting) return this.itemLine.indexOf(operation) < this.buffer.length || this.isDrained;
      return about.count === 0 || this.freeItems > 0 || this.isDrained;
    }
    if (this.cannotSend) return true;
    if (!isWaiting) return about.count === 0 || about.count <= this.freeSlots;
    return this.fit(this.slotLine.slice(0, this.slotLine.indexOf(operation) + 1));
  }
  protected override pollOne(operation: Operation<About>): void {
    // Before it leaves: while it waits it keeps the channel open.
    this.#isRefused = this.cannotSend;
    const { itemLine } = this;
    this.#place = operation.isWaiting ? itemLine.indexOf(operation) : itemLine.length;
    super.pollOne(operation);
  }
  served({ about }: Operation<About>, outcome: unknown): void {
    const { kind, count, value, into } = about;
    if (kind === "closed") expect(outcome).toBeUndefined();
    else if (kind === "recv") this.received(count, into, outcome);
    else if (this.#isRefused) {
      expect(outcome).toBeInstanceOf(kind === "send" ? SendError : ClosedError);
      if (kind === "send") expect(outcome).toMatchObject({ value });
    } else if (kind === "send") {
      expect(outcome).toBeUndefined();
      this.buffer.push(value!);
    } else {
      const permits = [outcome].flat() as mpsc.Permit<number>[];
      expect(permits).toHaveLength(count);
      this.permits.push(...permits);
    }
  }
  received(most: number, into: number[] | undefined, outcome: unknown): void {
    // The first is its own; what is assigned to nobody follows.
    const taken = this.isDrained || most === 0 ? [] : this.buffer.splice(this.#place, 1);
    taken.push(...this.buffer.splice(this.itemLine.length, Math.max(0, most - 1)));
    if (into === undefined) expect(outcome).toBe(taken[0]);
    else expect([outcome, into]).toEqual([taken.length, taken]);
  }

  // ── senders and permits

  send(at: number, how: When): void {
    const value = this.#nextValue++;
    this.#sending(at, (tx) => tx.send(value), { kind: "send", count: 1, value }, how);
  }
  reserve(at: number, how: When): void {
    this.#sending(at, (tx) => tx.reserve(), { kind: "reserve", count: 1 }, how);
  }
  reserveMany(at: number, count: number, how: When): void {
    const most = Math.min(count, this.capacity);
    this.#sending(at, (tx) => tx.reserveMany(most), { kind: "reserve", count: most }, how);
  }
  closed(at: number, how: When): void {
    this.#sending(at, (tx) => tx.closed(), { kind: "closed", count: 0 }, how);
  }
  #sending(at: number, make: (tx: mpsc.Sender<number>) => Future<unknown>, about: About, how: When): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.begin(make(tx), about, how);
  }
  trySend(at: number): void {
    const value = this.#nextValue++;
    const tx = pick(this.senders, at);
    if (tx !== undefined && this.#tried(tx.trySend(value))) this.buffer.push(value);
  }
  tryReserve(at: number): void {
    const tx = pick(this.senders, at);
    const tried = tx?.tryReserve();
    if (tried !== undefined && this.#tried(tried) && tried.ok) this.permits.push(tried.value);
  }
  #tried(tried: { readonly ok: boolean; readonly reason?: string }): boolean {
    const isOk = !this.cannotSend && this.freeSlots > 0;
    expect([tried.ok, tried.reason]).toEqual([
      isOk,
      isOk ? undefined : this.isReceiverClosed ? "closed" : "full",
    ]);
    return isOk;
  }
  usePermit(at: number): void {
    const permit = pick(this.permits, at);
    if (permit === undefined) return;
    remove(this.permits, permit);
    const value = this.#nextValue++;
    permit.send(value);
    if (!this.isDiscarding) this.buffer.push(value);
    expect(() => permit.send(value)).toThrow(ClosedError);
  }
  releasePermit(at: number): void {
    const permit = pick(this.permits, at);
    if (permit === undefined) return;
    remove(this.permits, permit);
    permit.release();
    permit[Symbol.dispose]();
  }
  clone(at: number): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.senders.push(tx.clone());
  }
  upgrade(): void {
    const upgraded = this.weak.upgrade();
    expect(upgraded !== undefined).toBe(this.hasSenders);
    if (upgraded !== undefined) this.senders.push(upgraded);
  }
  closeSender(at: number): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    remove(this.senders, tx);
    tx.close();
    tx[Symbol.dispose]();
    expect(() => tx.trySend(0)).toThrow(ClosedError);
  }

  // ── the receiver

  recv(how: When): void {
    this.begin(this.rx.recv(), { kind: "recv", count: 1 }, how);
  }
  recvMany(count: number, how: When): void {
    const into: number[] = [];
    this.begin(this.rx.recvMany(into, count), { kind: "recv", count, into }, how);
  }
  tryRecv(): void {
    const tried = this.rx.tryRecv();
    if (this.freeItems > 0) {
      const [value] = this.buffer.splice(this.itemLine.length, 1);
      expect(tried).toEqual({ ok: true, value });
    } else expect(tried).toEqual({ ok: false, reason: this.isDrained ? "closed" : "empty" });
  }
  closeReceiver(): void {
    this.rx.close();
    this.isReceiverClosed = true;
  }
  dispose(): void {
    this.rx[Symbol.dispose]();
    this.isReceiverClosed = this.isDiscarding = true;
    this.buffer = [];
  }

  override check(): void {
    super.check();
    expect([this.rx.size, this.rx.isClosed, this.weak.strongCount]).toEqual([
      this.buffer.length,
      this.isReceiverClosed || !this.hasSenders,
      this.senders.length,
    ]);
    if (!this.isReceiverClosed) expect(this.tx.capacity).toBe(this.freeSlots);
  }
  /** Every slot is free again, and the channel ends. */
  finish(): void {
    while (this.permits.length > 0) this.releasePermit(0);
    const isOpen = !this.isReceiverClosed && this.senders.length > 0;
    if (isOpen) expect(this.tx.capacity).toBe(this.capacity - this.buffer.length);
    while (this.senders.length > 0) this.closeSender(0);
    while (this.buffer.length > 0) this.tryRecv();
    expect(this.rx.tryRecv()).toEqual({ ok: false, reason: "closed" });
  }
}

testAgainstModel({
  model: (capacity: number) => new ChannelModel(capacity),
  setup: fc.integer({ min: 1, max: 4 }),
  commands: {
    send: [8, index, when],
    reserve: [5, index, when],
    reserveMany: [4, index, fc.nat(4), when],
    closed: [1, index, when],
    trySend: [4, index],
    tryReserve: [3, index],
    usePermit: [5, index],
    releasePermit: [4, index],
    clone: [2, index],
    upgrade: [1],
    closeSender: [3, index],
    recv: [8, when],
    recvMany: [4, fc.nat(4), when],
    tryRecv: [4],
    closeReceiver: [1],
    dispose: [1],
    poll: [16, index],
    drop: [8, index],
  },
});
