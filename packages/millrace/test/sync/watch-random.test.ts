/**
 * Random programs on a watch channel. The model: the value, for each receiver whether it has seen it, and
 * for each who waits whether something has happened since it was polled.
 */
import fc from "fast-check";
import { ClosedError, RecvError, watch } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, remove, testAgainstModel, when, type When } from "./model.ts";

interface Party {
  readonly rx: watch.Receiver<number>;
  readonly iterator: AsyncIterator<number>;
  /** Its iteration has given a value. */
  hasIterated: boolean;
  isUnseen: boolean;
  isClosed: boolean;
}
interface About {
  readonly kind: "changed" | "waitFor" | "next" | "closed";
  readonly party: Party | undefined;
  /** Takes the value whether or not it was seen: a `waitFor` before it has looked. */
  isFirst: boolean;
  readonly isWanted: (value: number) => boolean;
  /** Something happened that it must look at. */
  isWoken: boolean;
}

const FAILURE = new Error("the predicate fails");

class WatchModel extends Model<About> {
  value: number = 0;
  senders: watch.Sender<number>[];
  parties: Party[];
  /** What the last poll must have given. */
  #expected: { readonly value: unknown } | undefined;
  #next: number = 1;

  constructor() {
    super();
    const [tx, rx] = watch.channel(0);
    this.senders = [tx];
    this.parties = [party(rx, false)];
  }

  /** What polling it gives, and what that does to the model; `undefined` if it has to wait. */
  look({ about }: Operation<About>): { readonly value: unknown } | undefined {
    const { kind, party: own } = about;
    if (own === undefined) return this.parties.length === 0 ? { value: undefined } : undefined;
    if (own.isClosed) return { value: ClosedError };
    const isEnded = this.senders.length === 0;
    const mayLook = own.isUnseen || about.isFirst || (kind === "next" && !own.hasIterated);
    if (mayLook) {
      if (kind === "next") own.hasIterated = true;
      about.isFirst = own.isUnseen = false;
      if (kind === "changed") return { value: undefined };
      if (kind === "next") return { value: { done: false, value: this.value } };
      try {
        if (about.isWanted(this.value)) return { value: this.value };
      } catch {
        return { value: FAILURE };
      }
    }
    if (!isEnded) return undefined;
    return { value: kind === "next" ? { done: true, value: undefined } : RecvError };
  }
  isReady(operation: Operation<About>): boolean {
    this.#expected = this.look(operation);
    return this.#expected !== undefined;
  }
  served(_operation: Operation<About>, outcome: unknown): void {
    const { value } = this.#expected!;
    if (typeof value === "function") expect(outcome).toBeInstanceOf(value);
    else expect(outcome).toEqual(value);
  }
  protected override pollOne(operation: Operation<About>): void {
    operation.about.isWoken = false;
    super.pollOne(operation);
  }
  override isWoken({ about }: Operation<About>): boolean {
    return about.isWoken;
  }
  wake(concerns: (party: Party | undefined) => boolean): void {
    for (const { about, isWaiting } of this.operations)
      if (isWaiting && concerns(about.party)) about.isWoken = true;
  }

  // ── receivers

  receive(kind: "changed" | "next", at: number, how: When): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    const future = kind === "next" ? own.iterator.next() : own.rx.changed();
    this.beginFor(own, kind, false, future as ReturnType<typeof own.rx.changed>, () => true, how);
  }
  /** The remainder is that of a value it waits for; with 0 the predicate throws. */
  waitFor(at: number, remainder: number, how: When): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    const isWanted = (value: number): boolean => {
      if (remainder === 0) throw FAILURE;
      return value % 4 === remainder;
    };
    this.beginFor(own, "waitFor", true, own.rx.waitFor(isWanted), isWanted, how);
  }
  private beginFor(
    own: Party,
    kind: About["kind"],
    isFirst: boolean,
    future: Parameters<Model<About>["begin"]>[0],
    isWanted: About["isWanted"],
    how: When,
  ): void {
    this.begin(future, { kind, party: own, isFirst, isWanted, isWoken: false }, how);
  }
  borrow(at: number): void {
    const own = pick(this.parties, at);
    if (own !== undefined) expect(own.rx.borrow()).toBe(this.value);
  }
  borrowAndUpdate(at: number): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    expect(own.rx.borrowAndUpdate()).toBe(this.value);
    own.isUnseen = false;
  }
  mark(at: number, how: "markChanged" | "markUnchanged"): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    own.rx[how]();
    own.isUnseen = how === "markChanged";
    if (own.isUnseen) this.wake((party) => party === own);
  }
  cloneReceiver(at: number): void {
    const own = pick(this.parties, at);
    if (own !== undefined) this.parties.push(party(own.rx.clone(), own.isUnseen));
  }
  closeReceiver(at: number): void {
    const own = pick(this.parties, at);
    if (own === undefined) return;
    own.rx.close();
    own.rx[Symbol.dispose]();
    remove(this.parties, own);
    own.isClosed = true;
    this.wake((party) => party === own || (party === undefined && this.parties.length === 0));
    expect(() => own.rx.changed()).toThrow(ClosedError);
  }

  // ── senders

  send(how: "send" | "sendReplace" | "sendModify" | "sendIfModified" | "unmodified", at: number): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    const before = this.value;
    const value = this.#next++;
    if (how === "unmodified") return expect(tx.sendIfModified(() => undefined)).toBe(false);
    if (how === "send") {
      expect(tx.send(value)).toBe(this.parties.length > 0);
      if (this.parties.length === 0) return;
    } else if (how === "sendReplace") expect(tx.sendReplace(value)).toBe(before);
    else
      expect(tx[how]((old) => (old === before ? value : -1))).toBe(how === "sendModify" ? undefined : true);
    this.value = value;
    for (const each of this.parties) each.isUnseen = true;
    this.wake((party) => party !== undefined);
  }
  subscribe(at: number): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.parties.push(party(tx.subscribe(), false));
  }
  cloneSender(at: number): void {
    const tx = pick(this.senders, at);
    if (tx !== undefined) this.senders.push(tx.clone());
  }
  closeSender(at: number): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    tx.close();
    tx[Symbol.dispose]();
    remove(this.senders, tx);
    if (this.senders.length === 0) this.wake((party) => party !== undefined);
    expect(() => tx.send(0)).toThrow(ClosedError);
  }
  closed(at: number, how: When): void {
    const tx = pick(this.senders, at);
    if (tx === undefined) return;
    const about = { kind: "closed", party: undefined, isFirst: false, isWoken: false } as const;
    this.begin(tx.closed(), { ...about, isWanted: () => true }, how);
  }

  override check(): void {
    super.check();
    for (const tx of this.senders)
      expect([tx.borrow(), tx.receiverCount]).toEqual([this.value, this.parties.length]);
    for (const { rx, isUnseen } of this.parties) {
      expect(rx.borrow()).toBe(this.value);
      if (this.senders.length > 0) expect(rx.hasChanged()).toBe(isUnseen);
      else expect(() => rx.hasChanged()).toThrow(RecvError);
    }
  }
  finish(): void {
    while (this.senders.length > 0) this.closeSender(0);
    for (const each of this.parties) {
      if (each.isUnseen) this.receive("changed", this.parties.indexOf(each), "at once");
      this.receive("changed", this.parties.indexOf(each), "at once");
    }
    expect(this.operations).toEqual([]);
  }
}

function party(rx: watch.Receiver<number>, isUnseen: boolean): Party {
  return { rx, iterator: rx[Symbol.asyncIterator](), hasIterated: false, isUnseen, isClosed: false };
}

testAgainstModel({
  model: () => new WatchModel(),
  commands: {
    receive: [8, fc.constantFrom("changed", "next"), index, when],
    waitFor: [4, index, fc.nat(3), when],
    borrow: [1, index],
    borrowAndUpdate: [2, index],
    mark: [2, index, fc.constantFrom("markChanged", "markUnchanged")],
    cloneReceiver: [2, index],
    closeReceiver: [2, index],
    send: [
      8,
      fc.constantFrom("send", "send", "sendReplace", "sendModify", "sendIfModified", "unmodified"),
      index,
    ],
    subscribe: [1, index],
    cloneSender: [1, index],
    closeSender: [1, index],
    closed: [2, index, when],
    poll: [14, index],
    drop: [5, index],
  },
});
