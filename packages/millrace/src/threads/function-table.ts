/**
 * Functions by reference: the URL of their module, the place of their `threaded` call in it, and a check of
 * what stands there. A function is written once into the pool's memory, by whoever calls it first; its
 * address there is its number. (Two threads that do so in the same moment write it twice: no harm.)
 *
 *   records: words │ 1 when written │ the reference      … from `layout.functions` to `FUNCTIONS_END`
 */
import { Codec } from "./codec.ts";
import { FUNCTIONS_END } from "./layout.ts";
import type { SharedMemory } from "./shared-memory.ts";

export type AnyFunction = (...args: never[]) => unknown;

/** What a `threaded` call has registered on this thread. */
export interface FunctionEntry {
  readonly url: string;
  readonly position: number;
  /** Differs when the module stands differently on another thread; empty: a tool rewrites it, so it cannot be told. */
  readonly check: string;
  readonly name: string;
  readonly fn: AnyFunction;
}
export type Reference = Omit<FunctionEntry, "fn">;

const modules = new Map<string, { meta: object; next: number; readonly entries: FunctionEntry[] }>();

/** Registers the next function of a module. */
export function register(
  url: string,
  meta: object,
  fn: AnyFunction,
  isChecked: boolean = true,
): FunctionEntry {
  let module = modules.get(url);
  if (module === undefined) modules.set(url, (module = { meta, next: 0, entries: [] }));
  // Evaluated anew (a test runner does so): it begins again. Bundlers may write a fresh object at each place.
  if (module.meta !== meta && Object.getPrototypeOf(meta) === null) {
    module.meta = meta;
    module.next = 0;
  }
  const position = module.next++;
  const isRewritten = !isChecked || "env" in meta || "vitest" in meta;
  const source = String(fn);
  const entry: FunctionEntry = {
    url,
    position,
    check: isRewritten ? "" : hash(source),
    name: fn.name === "" ? `function ${position + 1} of ${url.replace(/^.*\//, "")}` : fn.name,
    fn,
  };
  module.entries[position] = entry;
  return entry;
}

/** The function at that place, if its module has been evaluated on this thread. */
export function registered(url: string, position: number): FunctionEntry | undefined {
  return modules.get(url)?.entries[position];
}

/** FNV-1a. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}

/** Words before a reference. */
const HEADER = 2;
export const keyOf = ({ url, position, check }: Reference): string => `${position} ${check} ${url}`;

export class FunctionTable {
  readonly #memory: SharedMemory;
  readonly #codec: Codec;
  readonly #ids: Map<Reference, number> = new Map();
  /** Of what any thread has written, as far as was read. */
  readonly #written: Map<string, number> = new Map();
  #read: number;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#codec = new Codec(memory.words, memory.bytes);
    this.#read = memory.layout.functions;
  }

  /** The number of a function, the same for every thread. */
  idOf(entry: Reference): number {
    const known = this.#ids.get(entry);
    if (known !== undefined) return known;
    this.#readOn();
    const id = this.#written.get(keyOf(entry)) ?? this.#write(entry);
    this.#ids.set(entry, id);
    return id;
  }

  #write({ url, position, check, name }: Reference): number {
    const { layout, words } = this.#memory;
    const size = HEADER + 16 + ((url.length + check.length + name.length) >> 1);
    const start = layout.functions + Atomics.add(words, FUNCTIONS_END, size);
    if (start + size > layout.functionsEnd) {
      Atomics.sub(words, FUNCTIONS_END, size);
      throw new RangeError(`a pool has room for about 1000 threaded functions, and ${name} is one too many`);
    }
    Atomics.store(words, start, size);
    this.#codec.encode([url, position, check, name], start + HEADER, start + size);
    Atomics.store(words, start + 1, 1);
    return start + HEADER;
  }

  /** What other threads have written meanwhile. */
  #readOn(): void {
    const { layout, words } = this.#memory;
    const end = Math.min(layout.functions + Atomics.load(words, FUNCTIONS_END), layout.functionsEnd);
    while (this.#read < end) {
      const size = Atomics.load(words, this.#read);
      if (size === 0) return;
      const id = this.#read + HEADER;
      if (Atomics.load(words, this.#read + 1) === 1) this.#written.set(keyOf(this.describe(id)), id);
      this.#read += size;
    }
  }

  describe(id: number): Reference {
    const [url, position, check, name] = this.#codec.decode(id) as [string, number, string, string];
    return { url, position, check, name };
  }
}
