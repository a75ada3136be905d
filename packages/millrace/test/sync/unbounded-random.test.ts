/**
 * Random programs on an unbounded channel. The model: what is buffered, who may send, and who waits for it; each
 * has the message of its place in the line.
 */
import fc from "fast-check";
import { ClosedError, mpsc, SendError } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, remove, testAgainstModel, when, type When } from "./model.ts";

interface About {
  readonly kind: "recv" | "closed";
  readonly count: number;
  readonly into?: number[];
}

class UnboundedModel extends Model<About> {
  readonly rx: mpsc.Receiver<number>;
  senders: mpsc.UnboundedSender<number>[];
  buffer: number[] = [];
  isReceiverClosed: boolean = false;
  #nextValue: number = 0;
  /** In the line for messages, of who is polled. */
  #place: number = 0;

  constructor() {
    super();
    const [tx, rx] = mpsc.unbounded<number>();
    this.rx = rx;
    this.senders = [tx];
  }

  get isDrained(): boolean {
    return (this.isReceiverClosed || this.senders.length === 0) && this.buffer.length === 0;
  }
  get receivers(): Operation<About>[] {
    return this.line.filter(({ about }) => about.kind === "recv");
  }
  isReady(operation: Operation<About>): boolean {
    const { about, isWaiting } = operation;
    if (about.kind === "closed") return this.isReceiverClosed;
    const place = isWaiting ? this.receivers.indexOf(operation) : this.receivers.length;
    return about.count === 0 || place < this.buffer.length || this.isDrained;
  }
  protected override pollOne(operation: Operation<About>): void {
    const { receivers } = this;
    this.#place = operation.isWaiting ? receivers.indexOf(operation) : receivers.length;
    super.pollOne(operation);
  }
  served({ about }: Operation<About>, outcome: unknown): void {
    const { kind, count, into } = about;
    if (kind === "closed") return expect(outcome).toBeUndefined();
    // The first is its own; what others were woken for is left to them.
    const taken = this.buffer.splice(this.#place, Math.min(count, 1));
    taken.push(...this.buffer.splice(this.receivers.length, Math.max(0, count - 1)));
    if (into === undefined) expect(outcome).toBe(taken[0]);
    else expect([outcome, into]).toEqual([taken.length, taken]);
  }

  send(at: number): void {
    const tx = pick(this.senders, at);
    const value = this.#nextValue++;
    if (tx === undefined) return;
    if (this.isReceiverClosed) return expect(() => tx.send(value)).toThrow(SendError);
    tx.send(value);
    this.buffer.push(value);
  }
  clone(at: number): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.senders.push(tx.clone());
  }
  closed(at: number, how: When): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.begin(tx.closed(), { kind: "closed", count: 0 }, how);
  }
  closeSender(at: number): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    remove(this.senders, tx);
    tx.close();
    tx[Symbol.dispose]();
    expect(() => tx.send(0)).toThrow(ClosedError);
  }
  recv(how: When): void {
    this.begin(this.rx.recv(), { kind: "recv", count: 1 }, how);
  }
  recvMany(count: number, how: When): void {
    const into: number[] = [];
    this.begin(this.rx.recvMany(into, count), { kind: "recv", count, into }, how);
  }
  tryRecv(): void {
    const tried = this.rx.tryRecv();
    if (this.buffer.length > this.receivers.length) {
      const [value] = this.buffer.splice(this.receivers.length, 1);
      expect(tried).toEqual({ ok: true, value });
    } else expect(tried).toEqual({ ok: false, reason: this.isDrained ? "closed" : "empty" });
  }
  closeReceiver(): void {
    this.rx.close();
    this.isReceiverClosed = true;
  }
  dispose(): void {
    this.rx[Symbol.dispose]();
    this.isReceiverClosed = true;
    this.buffer = [];
  }

  override check(): void {
    super.check();
    expect([this.rx.size, this.rx.isClosed]).toEqual([
      this.buffer.length,
      this.isReceiverClosed || this.senders.length === 0,
    ]);
    for (const tx of this.senders) expect(tx.isClosed).toBe(this.isReceiverClosed);
  }
  finish(): void {
    while (this.senders.length > 0) this.closeSender(0);
    while (this.buffer.length > 0) this.tryRecv();
    expect(this.rx.tryRecv()).toEqual({ ok: false, reason: "closed" });
  }
}

testAgainstModel({
  model: () => new UnboundedModel(),
  commands: {
    send: [10, index],
    clone: [2, index],
    closed: [1, index, when],
    closeSender: [3, index],
    recv: [8, when],
    recvMany: [4, fc.nat(4), when],
    tryRecv: [4],
    closeReceiver: [1],
    dispose: [1],
    poll: [12, index],
    drop: [6, index],
  },
});
