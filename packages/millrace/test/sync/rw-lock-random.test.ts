/**
 * Random programs on a read-write lock. The model: those who hold it, those who wait, and that of these
 * the first ones are in, as many as may be together.
 */
import fc from "fast-check";
import { ClosedError, type ReadGuard, RwLock, type WriteGuard } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, remove, testAgainstModel, when, type When } from "./model.ts";

type Kind = "read" | "write";
type Guard = ReadGuard<number> | WriteGuard<number>;
type Held = { readonly guard: Guard; readonly kind: Kind };

class RwLockModel extends Model<Kind> {
  readonly lock: RwLock<number>;
  readonly maxReaders: number;
  value: number = 0;
  held: Held[] = [];

  constructor(maxReaders: number) {
    super();
    this.maxReaders = maxReaders;
    this.lock = new RwLock(0, { maxReaders });
  }

  /** Whether one that comes last, after all who wait, would be in. */
  isIn(kinds: readonly Kind[]): boolean {
    const inside: Kind[] = this.held.map((each) => each.kind);
    for (const kind of kinds) {
      const mayEnter =
        kind === "write" ? inside.length === 0 : !inside.includes("write") && inside.length < this.maxReaders;
      if (!mayEnter) return false;
      inside.push(kind);
    }
    return true;
  }
  isReady(operation: Operation<Kind>): boolean {
    const kinds = this.line.map((each) => each.about);
    if (!operation.isWaiting) return this.isIn([...kinds, operation.about]);
    return this.isIn(kinds.slice(0, this.line.indexOf(operation) + 1));
  }
  served({ about }: Operation<Kind>, outcome: unknown): void {
    this.hold(outcome as Guard, about);
  }
  hold(guard: Guard, kind: Kind): void {
    expect(guard.value).toBe(this.value);
    if (kind === "write") (guard as WriteGuard<number>).value = ++this.value;
    this.held.push({ guard, kind });
  }

  read(at: When): void {
    this.begin(this.lock.read(), "read", at);
  }
  write(at: When): void {
    this.begin(this.lock.write(), "write", at);
  }
  tryEnter(kind: Kind): void {
    const guard = kind === "read" ? this.lock.tryRead() : this.lock.tryWrite();
    expect(guard !== undefined).toBe(this.isIn([...this.line.map((each) => each.about), kind]));
    if (guard !== undefined) this.hold(guard, kind);
  }
  release(at: number): void {
    const held = pick(this.held, at);
    if (held === undefined) return;
    remove(this.held, held);
    held.guard.release();
    held.guard[Symbol.dispose]();
    expect(() => held.guard.value).toThrow(ClosedError);
  }
  downgrade(): void {
    const held = this.held.find(({ kind }) => kind === "write");
    if (held === undefined) return;
    const writing = held.guard as WriteGuard<number>;
    const reading = writing.downgrade();
    remove(this.held, held);
    this.hold(reading, "read");
    writing.release();
    expect(() => writing.downgrade()).toThrow(ClosedError);
  }

  override check(): void {
    super.check();
    for (const { guard } of this.held) expect(guard.value).toBe(this.value);
  }
  finish(): void {
    while (this.held.length > 0) this.release(0);
    expect(this.lock.tryWrite()?.value).toBe(this.value);
  }
}

testAgainstModel({
  model: (maxReaders: number) => new RwLockModel(maxReaders),
  setup: fc.integer({ min: 1, max: 4 }),
  commands: {
    read: [8, when],
    write: [5, when],
    tryEnter: [3, fc.constantFrom("read", "write")],
    release: [8, index],
    downgrade: [3],
    poll: [12, index],
    drop: [6, index],
  },
});
