/**
 * The memory of a channel between threads: a ring of records, each a length and a value.
 *
 * Invariants
 *  1. Whoever holds the senders' lock moves the tail, whoever holds the receivers' lock moves the head. A
 *     lock is held for the copying of one message. Who does not get it says so in the lock, and whoever
 *     releases it then announces a change: nobody sleeps beside a message, or room, that was left for it.
 *  2. Positions count words for ever and wrap at 32 bits. A record lies in one piece: where it would not,
 *     the rest of the ring is skipped. The ring is twice what was asked for, so that an empty one holds any
 *     message of that size, wherever it begins.
 *  3. A sender looks whether the channel is closed while it holds the lock, and a receiver that finds it closed
 *     looks at that lock before it believes that no message will come. So what was sent is received.
 *  4. Senders are counted. A handle is a numbered place with a life of its own, so that closing it twice, or
 *     from two threads that were given the same one, counts once.
 */
import { bytesOf } from "./backend.ts";
import { Codec } from "./codec.ts";
import { graves } from "./graves.ts";
import { SharedSignal } from "./shared-wait.ts";

const HEAD = 0;
const TAKEN = 1;
const TAIL = 16;
const SENT = 17;
const SEND_LOCK = 32;
const RECEIVE_LOCK = 48;
const NOT_EMPTY = 64;
const NOT_FULL = 80;
const SENDERS = 96;
/** How often a handle was closed, twice, plus one when the receiver has closed the channel. */
const CLOSINGS = 97;
const BY_RECEIVER = 1;
const CAPACITY = 98;
const SIZE = 99;
const HANDLES = 112;
const MAX_HANDLES = 1024;
const DATA: number = HANDLES + MAX_HANDLES;

/** In the place of a length: the rest of the ring is not used. */
const SKIP = -1;
const PATIENCE = 2000;

export const FULL = 0;
export const SENT_IT = 1;
export const CLOSED = 2;
export const TOO_BIG = 3;
export const REFUSED = 4;

/** Of a lock. Locked, it is twice the number of the thread that holds it, plus one when it is wanted. */
const UNLOCKED = 0;
const WANTED = 1;

/** What `receive` gives when there is nothing, or when others are taking what is there. */
export const EMPTY: unique symbol = Symbol("empty");

export class SharedRing {
  readonly memory: SharedArrayBuffer;
  readonly notEmpty: SharedSignal;
  readonly notFull: SharedSignal;
  readonly #words: Int32Array;
  readonly #codec: Codec;
  readonly #capacity: number;
  readonly #size: number;
  readonly #patience: number;
  /** Of this thread, in a lock. */
  readonly #self: number = graves.self << 1;
  /**
   * What was seen of the other side, and where this thread's last message ended. Reading what another
   * processor writes costs more than the rest of a small message, so it is read only when what was seen does
   * not suffice, or when others on this side have moved on.
   */
  #head: number;
  #taken: number;
  #tail: number;
  #sentTo: number;
  #seenClosings: number = -1;
  #seenPlace: number = -1;
  #seenLife: number = -1;
  #receivedTo: number;
  /** Why a message was refused. */
  refusal: unknown = undefined;

  static create(capacity: number, bytes: number): SharedRing {
    let size = 64;
    while (size * 4 < bytes * 2) size *= 2;
    const memory = new SharedArrayBuffer((DATA + size) * 4);
    const words = new Int32Array(memory);
    words[CAPACITY] = capacity;
    words[SIZE] = size;
    return new SharedRing(memory);
  }

  /** `patience`: attempts to take a lock before the other side is given a turn. */
  constructor(memory: SharedArrayBuffer, patience: number = PATIENCE) {
    this.memory = memory;
    this.#patience = patience;
    const words = new Int32Array(memory);
    this.#words = words;
    this.#codec = new Codec(words, bytesOf(memory));
    this.#capacity = words[CAPACITY]!;
    this.#size = words[SIZE]!;
    this.#head = Atomics.load(words, HEAD);
    this.#taken = Atomics.load(words, TAKEN);
    this.#tail = Atomics.load(words, TAIL);
    // Where no message can have ended: the first use looks.
    this.#sentTo = (this.#tail - 1) | 0;
    this.#receivedTo = (this.#head - 1) | 0;
    this.notEmpty = new SharedSignal(words, NOT_EMPTY);
    this.notFull = new SharedSignal(words, NOT_FULL);
  }

  // ── handles of senders

  /** A new handle: its place and its life; −1 when there are too many. */
  open(): readonly [place: number, life: number] | undefined {
    for (let place = 0; place < MAX_HANDLES; place++) {
      const word = Atomics.load(this.#words, HANDLES + place);
      if (word & 1 || Atomics.compareExchange(this.#words, HANDLES + place, word, word | 1) !== word)
        continue;
      Atomics.add(this.#words, SENDERS, 1);
      return [place, word >> 1];
    }
    return undefined;
  }
  isOpen(place: number, life: number): boolean {
    return Atomics.load(this.#words, HANDLES + place) === ((life << 1) | 1);
  }
  close(place: number, life: number): void {
    const open = (life << 1) | 1;
    if (Atomics.compareExchange(this.#words, HANDLES + place, open, (life + 1) << 1) !== open) return;
    Atomics.add(this.#words, CLOSINGS, 2);
    if (Atomics.sub(this.#words, SENDERS, 1) === 1) this.notEmpty.announce();
    // Who waits to send through this handle has to be told, wherever.
    this.notFull.announce();
  }
  closeReceiver(): void {
    Atomics.or(this.#words, CLOSINGS, BY_RECEIVER);
    this.notFull.announce();
    this.notEmpty.announce();
  }

  // ── messages

  #lock(word: number): boolean {
    const words = this.#words;
    const mine = this.#self;
    for (let i = 0; ; i++) {
      const state = Atomics.compareExchange(words, word, UNLOCKED, mine);
      if (state === UNLOCKED) return true;
      if (i < this.#patience) continue;
      // What a dead thread was doing is not part of the channel before it moves the head or the tail.
      if (graves.isDead(state >> 1)) {
        if (Atomics.compareExchange(words, word, state, mine | WANTED) === state) return true;
        continue;
      }
      if (state & WANTED || Atomics.compareExchange(words, word, state, state | WANTED) === state)
        return false;
    }
  }
  #unlock(word: number, change: SharedSignal): void {
    if (Atomics.exchange(this.#words, word, UNLOCKED) & WANTED) change.announce();
  }

  /**
   * Through the handle at that place in that life. `REFUSED`, and why is the `refusal`, for what cannot be cloned.
   */
  send(value: unknown, place: number, life: number): number {
    const words = this.#words;
    if (!this.#lock(SEND_LOCK)) return this.#maySend(place, life) ? FULL : CLOSED;
    let result: number = CLOSED;
    try {
      if (this.#maySend(place, life)) {
        if (words[TAIL] !== this.#sentTo) this.#lookAtHead();
        result = this.#put(value);
        if (result !== SENT_IT && this.#lookAtHead()) result = this.#put(value);
        this.#sentTo = words[TAIL]!;
      }
    } catch (error) {
      this.refusal = error;
      result = REFUSED;
    } finally {
      this.#unlock(SEND_LOCK, this.notFull);
      // Who looked whether it is over may have seen the lock.
      if (result !== SENT_IT && !this.#mayCome) this.notEmpty.announce();
    }
    if (result === SENT_IT) this.notEmpty.announce();
    return result;
  }
  /** Looks at the handle only if one was closed since it was last seen to be open. */
  #maySend(place: number, life: number): boolean {
    const closings = Atomics.load(this.#words, CLOSINGS);
    if (closings === this.#seenClosings && place === this.#seenPlace && life === this.#seenLife) return true;
    if (closings & BY_RECEIVER || !this.isOpen(place, life)) return false;
    this.#seenClosings = closings;
    this.#seenPlace = place;
    this.#seenLife = life;
    return true;
  }
  get #isClosed(): boolean {
    return (Atomics.load(this.#words, CLOSINGS) & BY_RECEIVER) !== 0;
  }
  get #mayCome(): boolean {
    return Atomics.load(this.#words, SENDERS) > 0 && !this.#isClosed;
  }

  /**
   * Whether the receivers have taken anything since the last look. The count after the head, which is moved
   * last: a count from before would be believed for as long as the head stays where it was seen.
   */
  #lookAtHead(): boolean {
    const words = this.#words;
    const head = this.#head;
    const taken = this.#taken;
    this.#head = Atomics.load(words, HEAD);
    this.#taken = Atomics.load(words, TAKEN);
    return this.#head !== head || this.#taken !== taken;
  }

  #put(value: unknown): number {
    const words = this.#words;
    if (((words[SENT]! - this.#taken) | 0) >= this.#capacity) return FULL;
    const tail = words[TAIL]!;
    const used = (tail - this.#head) | 0;
    const place = tail & (this.#size - 1);
    const free = this.#size - used;
    const rest = this.#size - place;
    let end = this.#write(value, place, Math.min(rest, free));
    let start = tail;
    if (end < 0 && free > rest) {
      end = this.#write(value, 0, free - rest);
      if (end >= 0) {
        words[DATA + place] = SKIP;
        start = (tail + rest) | 0;
      }
    }
    if (end < 0) return used === 0 ? TOO_BIG : FULL;
    words[SENT] = (words[SENT]! + 1) | 0;
    Atomics.store(words, TAIL, (start + end) | 0);
    return SENT_IT;
  }

  /** Words written at that place, or −1. */
  #write(value: unknown, place: number, room: number): number {
    if (room < 2) return -1;
    const start = DATA + place;
    const end = this.#codec.encode(value, start + 1, start + room);
    if (end < 0) return -1;
    this.#words[start] = end - start;
    return end - start;
  }

  receive(isWaiting: boolean): unknown {
    const words = this.#words;
    if (!this.#lock(RECEIVE_LOCK)) return EMPTY;
    let value: unknown;
    try {
      let head = words[HEAD]!;
      // Another receiver may have gone past the tail that was seen.
      if (head === this.#tail || head !== this.#receivedTo) this.#tail = Atomics.load(words, TAIL);
      if (head === this.#tail) return EMPTY;
      let place = head & (this.#size - 1);
      if (words[DATA + place] === SKIP) {
        head = (head + this.#size - place) | 0;
        place = 0;
      }
      const length = words[DATA + place]!;
      value = this.#codec.decode(DATA + place + 1);
      words[TAKEN] = (words[TAKEN]! + 1) | 0;
      this.#receivedTo = (head + length) | 0;
      Atomics.store(words, HEAD, this.#receivedTo);
    } finally {
      this.#unlock(RECEIVE_LOCK, this.notEmpty);
    }
    if (!this.notFull.hasWaiters) return value;
    if (isWaiting) this.notFull.announceSoon(this.#isHalfEmpty);
    else this.notFull.announce();
    return value;
  }
  get #isHalfEmpty(): boolean {
    const words = this.#words;
    const messages = (Atomics.load(words, SENT) - Atomics.load(words, TAKEN)) | 0;
    const used = (Atomics.load(words, TAIL) - Atomics.load(words, HEAD)) | 0;
    return messages * 2 <= this.#capacity && used * 2 <= this.#size;
  }
  /** For reports of what is stuck. */
  describe(): Record<string, number | boolean> {
    const load = (at: number): number => Atomics.load(this.#words, at);
    return {
      capacity: this.#capacity,
      sent: load(SENT),
      taken: load(TAKEN),
      tail: load(TAIL),
      head: load(HEAD),
      sendLock: load(SEND_LOCK),
      receiveLock: load(RECEIVE_LOCK),
      receiversWait: this.notEmpty.hasWaiters,
      sendersWait: this.notFull.hasWaiters,
      senders: load(SENDERS),
      isClosed: this.#isClosed,
    };
  }
  /** Nothing is there, and nothing will come. */
  get isOver(): boolean {
    if (this.#mayCome) return false;
    const words = this.#words;
    const holder = Atomics.load(words, SEND_LOCK) >> 1;
    // It may have begun before the channel was closed.
    if (holder !== UNLOCKED && !graves.isDead(holder)) return false;
    return Atomics.load(words, HEAD) === Atomics.load(words, TAIL);
  }
}
