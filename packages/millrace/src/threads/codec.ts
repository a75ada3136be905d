/**
 * Values as words in shared memory: a tag, then what it takes.
 *
 * What most calls carry (numbers, strings, plain objects and arrays, bytes) is written here directly, 5 to
 * 100 times faster than structured clone for small values. Errors keep their class (error-envelope.ts).
 * Anything else that can be cloned (Map, Date, cyclic values …) is cloned into bytes. What cannot even
 * be cloned says so by throwing. What is in a value twice is written twice: to know that it has been would cost
 * a small object 2 %, and a hundred of them 10 %.
 *
 * Integers keep a tag of their own: decoded as doubles they would make the code that receives them slower.
 */
import { packError, unpackError, type ErrorEnvelope } from "../internal/error-envelope.ts";
import type { Bytes } from "./backend.ts";
import { deserialize, serialize } from "./cloned-bytes.ts";
import { refuseCode, refuseOfPlatform, refuseThreadBound, refuseWithin } from "./refusal.ts";
import { isShareable } from "./shareable.ts";
import { BUFFER, VIEWS } from "./views.ts";

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const INTEGER = 4;
const DOUBLE = 5;
const LATIN1 = 6;
const UTF16 = 7;
const ARRAY = 8;
const INTEGERS = 9;
const OBJECT = 10;
const BYTES = 11;
const BIGINT = 12;
const ERROR = 13;
const CLONED = 14;

/** Deeper values are cloned, which also knows what to do about cycles. */
const MAX_DEPTH = 24;
/** Shorter strings are copied here, longer ones by the platform. */
const SHORT_STRING = 24;

/** The same for bytes. */
const FEW_BYTES = 64;

/** The value does not fit; nobody but `encode` sees it. */
const OVERFLOW = Symbol("overflow");
const TOO_DEEP = Symbol("too deep");

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

export class Codec {
  readonly #words: Int32Array;
  readonly #bytes: Bytes;
  /** The same bytes: of a `Buffer`, `slice` copies nothing. They start on even words: the platform copies those in words. */
  readonly #plain: Uint8Array;
  #at: number = 0;
  #end: number = 0;

  constructor(words: Int32Array, bytes: Bytes) {
    this.#words = words;
    this.#bytes = bytes;
    this.#plain = new Uint8Array(words.buffer);
  }

  /**
   * Writes `value` from word `at` on, before word `end`: where it ended, or −1 when it does not fit or
   * holds shared memory or a handle over it, which only a message port can carry. (Cloned into bytes it would
   * be refused by Node, and be a copy in Bun.)
   *
   * @throws DataCloneError for what cannot be cloned.
   */
  encode(value: unknown, at: number, end: number): number {
    // A getter may have led here, out of the writing of another value.
    const outerAt = this.#at;
    const outerEnd = this.#end;
    this.#at = at;
    this.#end = end;
    try {
      this.#writeWhole(value, at);
      return this.#at;
    } catch (error) {
      if (error === OVERFLOW) return -1;
      throw error;
    } finally {
      this.#at = outerAt;
      this.#end = outerEnd;
    }
  }

  decode(at: number): unknown {
    const outerAt = this.#at;
    this.#at = at;
    const value = this.#read();
    this.#at = outerAt;
    return value;
  }

  // ── writing

  #writeWhole(value: unknown, at: number): void {
    try {
      this.#write(value, 0);
    } catch (error) {
      if (error !== TOO_DEEP) throw error;
      this.#at = at;
      refuseWithin(value as object, isShareable);
      this.#writeCloned(value);
    }
  }

  #reserve(words: number): number {
    const at = this.#at;
    if (at + words > this.#end) throw OVERFLOW;
    this.#at = at + words;
    return at;
  }
  #tag(tag: number): void {
    this.#words[this.#reserve(1)] = tag;
  }

  #write(value: unknown, depth: number): void {
    switch (typeof value) {
      case "number":
        return this.#writeNumber(value);
      case "string":
        return this.#writeString(value);
      case "boolean":
        return this.#tag(value ? TRUE : FALSE);
      case "undefined":
        return this.#tag(UNDEFINED);
      case "bigint":
        this.#tag(BIGINT);
        return this.#writeString(String(value));
      case "object":
        return value === null ? this.#tag(NULL) : this.#writeObject(value, depth);
      default:
        return refuseCode(value);
    }
  }

  #writeNumber(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      const at = this.#reserve(2);
      this.#words[at] = INTEGER;
      this.#words[at + 1] = value;
      return;
    }
    const at = this.#reserve(3);
    double[0] = value;
    this.#words[at] = DOUBLE;
    this.#words[at + 1] = halves[0]!;
    this.#words[at + 2] = halves[1]!;
  }

  #writeString(text: string): void {
    const { length } = text;
    const at = this.#reserve(2);
    const words = this.#words;
    words[at + 1] = length;
    if (length <= SHORT_STRING) {
      let place = this.#reserve((length + 3) >> 2);
      let seen = 0;
      for (let i = 0; i < length; i += 4) {
        const a = text.charCodeAt(i);
        // Past the end it is NaN, which is 0 here.
        const b = text.charCodeAt(i + 1) | 0;
        const c = text.charCodeAt(i + 2) | 0;
        const d = text.charCodeAt(i + 3) | 0;
        seen |= a | b | c | d;
        words[place++] = a | (b << 8) | (c << 16) | (d << 24);
      }
      if (seen < 256) {
        words[at] = LATIN1;
        return;
      }
      this.#at = at + 2;
    } else if (!/[^\0-\xff]/.test(text)) {
      words[at] = LATIN1;
      this.#bytes.latin1Write(text, this.#reserve((length + 3) >> 2) * 4);
      return;
    }
    words[at] = UTF16;
    this.#bytes.ucs2Write(text, this.#reserve((length + 1) >> 1) * 4);
  }

  #writeObject(value: object, depth: number): void {
    if (depth > MAX_DEPTH) throw TOO_DEEP;
    if (Array.isArray(value)) return this.#writeArray(value, depth);
    // Subclasses as well (`Buffer`): structured clone gives this one for them.
    if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) return this.#writeBytes(0, value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#writePlain(value, depth);
    if (value instanceof Error) {
      this.#tag(ERROR);
      return this.#write(packError(value), depth + 1);
    }
    if (ArrayBuffer.isView(value)) {
      if (!(value.buffer instanceof ArrayBuffer)) throw OVERFLOW;
      const kind = VIEWS.findIndex((type) => type.prototype === prototype);
      if (kind >= 0)
        return this.#writeBytes(kind, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (isShareable(value) || value instanceof SharedArrayBuffer) throw OVERFLOW;
    else if (value instanceof ArrayBuffer) return this.#writeBytes(BUFFER, new Uint8Array(value));
    refuseThreadBound(value);
    refuseOfPlatform(value);
    refuseWithin(value, isShareable);
    this.#writeCloned(value);
  }

  #writeArray(value: readonly unknown[], depth: number): void {
    const { length } = value;
    if (length > 4 && this.#writeIntegers(value)) return;
    const at = this.#reserve(2);
    this.#words[at] = ARRAY;
    this.#words[at + 1] = length;
    for (let i = 0; i < length; i++) this.#write(value[i], depth + 1);
  }

  #writeIntegers(value: readonly unknown[]): boolean {
    const { length } = value;
    for (let i = 0; i < length; i++) {
      const each = value[i];
      if (typeof each !== "number" || (each | 0) !== each || Object.is(each, -0)) return false;
    }
    const at = this.#reserve(2 + length);
    const words = this.#words;
    words[at] = INTEGERS;
    words[at + 1] = length;
    for (let i = 0; i < length; i++) words[at + 2 + i] = value[i] as number;
    return true;
  }

  #writePlain(value: object, depth: number): void {
    const keys = Object.keys(value);
    const at = this.#reserve(2);
    this.#words[at] = OBJECT;
    this.#words[at + 1] = keys.length;
    for (const key of keys) {
      this.#writeString(key);
      this.#write((value as Record<string, unknown>)[key], depth + 1);
    }
  }

  #writeBytes(kind: number, bytes: Uint8Array): void {
    const at = this.#reserve(3);
    const words = this.#words;
    words[at] = BYTES;
    words[at + 1] = kind;
    const { length } = bytes;
    words[at + 2] = length;
    const to = this.#reserve(((length + 3) >> 2) + (this.#at & 1)) + ((at + 3) & 1);
    if (length <= FEW_BYTES) {
      // Past the end it is undefined, which is 0 here.
      for (let i = 0, place = to; i < length; i += 4, place++)
        words[place] = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    } else this.#plain.set(bytes, to * 4);
  }

  #writeCloned(value: unknown): void {
    const bytes = serialize(value);
    const at = this.#reserve(2);
    this.#words[at] = CLONED;
    this.#words[at + 1] = bytes.length;
    this.#bytes.set(bytes, this.#reserve((bytes.length + 3) >> 2) * 4);
  }

  // ── reading

  #next(): number {
    return this.#words[this.#at++]!;
  }

  #read(): unknown {
    switch (this.#next()) {
      case UNDEFINED:
        return undefined;
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case INTEGER:
        return this.#next();
      case DOUBLE:
        halves[0] = this.#next();
        halves[1] = this.#next();
        return double[0];
      case LATIN1:
        return this.#readLatin1();
      case UTF16:
        return this.#readUtf16();
      case ARRAY:
        return this.#readArray();
      case INTEGERS:
        return this.#readIntegers();
      case OBJECT:
        return this.#readObject();
      case BYTES:
        return this.#readBytes();
      case BIGINT:
        return BigInt(this.#read() as string);
      case ERROR:
        return unpackError(this.#read() as ErrorEnvelope);
      default: {
        const start = this.#skip(this.#next());
        return deserialize(this.#bytes.slice(start, this.#at * 4));
      }
    }
  }

  /** Steps over as many bytes, and gives where they start. */
  #skip(length: number): number {
    const start = this.#at * 4;
    this.#at += (length + 3) >> 2;
    return start;
  }

  #readLatin1(): string {
    const length = this.#next();
    const start = this.#skip(length);
    if (length > SHORT_STRING) return this.#bytes.latin1Slice(start, start + length);
    const words = this.#words;
    let text = "";
    let place = start >> 2;
    let left = length;
    for (; left >= 4; left -= 4) {
      const word = words[place++]!;
      text += String.fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);
    }
    if (left === 0) return text;
    const word = words[place]!;
    if (left === 1) return text + String.fromCharCode(word & 255);
    if (left === 2) return text + String.fromCharCode(word & 255, (word >> 8) & 255);
    return text + String.fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255);
  }
  #readUtf16(): string {
    const length = this.#next() * 2;
    const start = this.#skip(length);
    return this.#bytes.ucs2Slice(start, start + length);
  }
  #readArray(): unknown[] {
    const length = this.#next();
    // Written out, they need not grow (the row of 64 calls in flight).
    if (length === 1) return [this.#read()];
    if (length === 2) return [this.#read(), this.#read()];
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) array.push(this.#read());
    return array;
  }
  #readIntegers(): number[] {
    const length = this.#next();
    const array: number[] = [];
    for (let i = 0; i < length; i++) array.push(this.#next());
    return array;
  }
  #readObject(): unknown {
    const object: Record<string, unknown> = {};
    for (let count = this.#next(); count > 0; count--) {
      const key = this.#read() as string;
      const value = this.#read();
      if (key === "__proto__") {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      } else object[key] = value;
    }
    return object;
  }
  /** `slice` of shared memory takes five times as long for 16 bytes (the row of their channel). */
  #fewBytes(place: number, length: number): Uint8Array<ArrayBuffer> {
    const words = this.#words;
    const copy = new Uint8Array(length);
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const word = words[place++]!;
      copy[i] = word;
      copy[i + 1] = word >> 8;
      copy[i + 2] = word >> 16;
      copy[i + 3] = word >> 24;
    }
    for (let shift = 0; i < length; i++, shift += 8) copy[i] = words[place]! >> shift;
    return copy;
  }
  #manyBytes(start: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#plain.slice(start, start + length) as Uint8Array<ArrayBuffer>;
  }
  #readBytes(): unknown {
    const kind = this.#next();
    const length = this.#next();
    // Where it began on an odd word, one was left out (`#writeBytes`).
    this.#at += this.#at & 1;
    const start = this.#skip(length);
    const copy = length <= FEW_BYTES ? this.#fewBytes(start >> 2, length) : this.#manyBytes(start, length);
    if (kind === 0) return copy;
    if (kind === BUFFER) return copy.buffer;
    return new VIEWS[kind]!(copy.buffer);
  }
}
