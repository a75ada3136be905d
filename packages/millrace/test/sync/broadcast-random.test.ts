/**
 * Random programs on a broadcast channel. The model: an array of all messages ever sent, and where in it
 * each receiver is.
 */
import fc from "fast-check";
import { broadcast, ClosedError, LaggedError, PENDING } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, remove, testAgainstModel, when, type When } from "./model.ts";

interface Party {
  readonly rx: broadcast.Receiver<number>;
  next: number;
  isClosed: boolean;
  /** Those who wait, or have given way, the longest of them first. */
  readonly line: About[];
}
interface About {
  /** None: it waits until there is no receiver. */
  readonly party: Party | undefined;
  isWoken: boolean;
  gaveWayTo?: About | undefined;
}

class BroadcastModel extends Model<About> {
  readonly capacity: number;
  sent: number[] = [];
  senders: broadcast.Sender<number>[];
  parties: Party[];

  constructor(capacity: number) {
    super();
    const [tx, rx] = broadcast.channel<number>(capacity);
    this.capacity = capacity === 3 ? 4 : capacity;
    this.senders = [tx];
    this.parties = [{ rx, next: 0, isClosed: false, line: [] }];
  }

  get oldest(): number {
    return Math.max(0, this.sent.length - this.capacity);
  }
  isReady({ about: { party } }: Operation<About>): boolean {
    if (party === undefined) return this.parties.length === 0;
    return party.isClosed || party.next < this.sent.length || this.senders.length === 0;
  }
  served({ about }: Operation<About>, outcome: unknown): void {
    this.leaveLine(about);
    const { party } = about;
    if (party === undefined || party.isClosed || party.next === this.sent.length)
      return expect(outcome).toBeUndefined();
    const missed = this.oldest - party.next;
    if (missed > 0) {
      expect(outcome).toBeInstanceOf(LaggedError);
      expect(outcome).toMatchObject({ missed });
      party.next = this.oldest;
    } else expect(outcome).toBe(this.sent[party.next++]);
  }
  protected override pollOne(operation: Operation<About>): void {
    const { about } = operation;
    about.isWoken = false;
    if (!this.givesWay(about)) {
      super.pollOne(operation);
      if (operation.isWaiting) this.enter(about);
      return;
    }
    expect(operation.stepper.poll()).toBe(PENDING);
    if (!operation.isWaiting) this.wait(operation);
    this.enter(about);
    about.isWoken = true;
  }
  /** Once to each who waits longer: a message is theirs, if they come for it. */
  private givesWay(about: About): boolean {
    const { party } = about;
    if (party === undefined || party.isClosed || party.next === this.sent.length) return false;
    const { line } = party;
    if (about.gaveWayTo !== undefined && about.gaveWayTo === line[0]) line.shift();
    if (line[0] === undefined || line[0] === about) return false;
    about.gaveWayTo = line[0];
    return true;
  }
  private enter(about: About): void {
    const line = about.party?.line;
    if (line?.includes(about) === false) line.push(about);
  }
  private leaveLine(about: About): void {
    if (about.party !== undefined) remove(about.party.line, about);
  }
  override dropped({ about }: Operation<About>): void {
    this.leaveLine(about);
  }
  override isWoken({ about }: Operation<About>): boolean {
    return about.isWoken;
  }
  wake(concerns: (party: Party | undefined) => boolean): void {
    for (const { about, isWaiting } of this.operations)
      if (isWaiting && concerns(about.party)) about.isWoken = true;
  }

  send(at: number): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    const value = this.sent.length;
    expect(tx.send(value)).toBe(this.parties.length);
    if (this.parties.length === 0) return;
    this.sent.push(value);
    this.wake((party) => party !== undefined);
  }
  /** So many that a large channel takes more storage than it keeps. */
  sendMany(at: number): void {
    for (let i = 0; i < 70; i++) this.send(at);
  }
  /** Then nothing that was sent is needed any more. */
  drain(): void {
    for (const [at, own] of this.parties.entries()) while (own.next < this.sent.length) this.tryRecv(at);
  }
  subscribe(at: number): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.join(tx.subscribe());
  }
  resubscribe(at: number): void {
    const own = pick(this.parties, at);
    if (own !== undefined) this.join(own.rx.resubscribe());
  }
  private join(rx: broadcast.Receiver<number>): void {
    this.parties.push({ rx, next: this.sent.length, isClosed: false, line: [] });
  }
  clone(at: number): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.senders.push(tx.clone());
  }
  closeSender(at: number): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    remove(this.senders, tx);
    tx.close();
    tx[Symbol.dispose]();
    if (this.senders.length === 0) this.wake((party) => party !== undefined);
    expect(() => tx.send(0)).toThrow(ClosedError);
  }
  closed(at: number, how: When): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.begin(tx.closed(), { party: undefined, isWoken: false }, how);
  }

  recv(at: number, how: When): void {
    const own = pick(this.parties, at);
    if (own !== undefined) this.begin(own.rx.recv(), { party: own, isWoken: false }, how);
  }
  tryRecv(at: number): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    const tried = own.rx.tryRecv();
    const missed = this.oldest - own.next;
    if (own.next === this.sent.length)
      expect(tried).toEqual({ ok: false, reason: this.senders.length === 0 ? "closed" : "empty" });
    else if (missed > 0) {
      expect(tried).toEqual({ ok: false, reason: "lagged", missed });
      own.next = this.oldest;
    } else expect(tried).toEqual({ ok: true, value: this.sent[own.next++] });
  }
  closeReceiver(at: number): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    remove(this.parties, own);
    own.isClosed = true;
    own.rx.close();
    own.rx[Symbol.dispose]();
    this.wake((party) => party === own || (party === undefined && this.parties.length === 0));
    expect(() => own.rx.recv()).toThrow(ClosedError);
  }

  override check(): void {
    super.check();
    const sizes = this.parties.map(({ next }) => this.sent.length - next);
    expect(this.parties.map(({ rx }) => rx.size)).toEqual(sizes);
    const size = Math.min(this.capacity, Math.max(0, ...sizes));
    for (const tx of this.senders) expect([tx.size, tx.receiverCount]).toEqual([size, this.parties.length]);
  }
  finish(): void {
    while (this.senders.length > 0) this.closeSender(0);
    this.drain();
    for (const at of this.parties.keys()) this.tryRecv(at);
  }
}

testAgainstModel({
  title:
    "BRC-20 in random programs each receiver gets what an array of all messages says, and the sizes agree",
  model: (capacity: number) => new BroadcastModel(capacity),
  setup: fc.constantFrom(1, 2, 3, 4, 128),
  commands: {
    send: [10, index],
    sendMany: [1, index],
    drain: [1],
    subscribe: [2, index],
    resubscribe: [1, index],
    clone: [1, index],
    closeSender: [1, index],
    closed: [2, index, when],
    recv: [10, index, when],
    tryRecv: [5, index],
    closeReceiver: [2, index],
    poll: [14, index],
    drop: [5, index],
  },
});
