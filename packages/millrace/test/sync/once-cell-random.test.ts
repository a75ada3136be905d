/**
 * Random programs on a OnceCell. The model: the value, if there is one; whose initialiser runs; and that
 * whoever waits longest is the next to run its own.
 */
import { OnceCell, PENDING } from "millrace";
import { expect } from "vitest";
import { Probe } from "../probe.ts";
import { index, Model, type Operation, testAgainstModel, when, type When } from "./model.ts";

interface About {
  /** The initialiser ends when this does. */
  readonly probe: Probe<number>;
  end: { readonly value: number } | "fails" | undefined;
}

const FAILURE = new Error("the initialiser fails");

class OnceCellModel extends Model<About> {
  readonly cell: OnceCell<number> = new OnceCell();
  value: number | undefined;
  runner: Operation<About> | undefined;
  /** Initialisers begun, and ended in any way. */
  begun: number = 0;
  ended: number = 0;
  expectedBegun: number = 0;
  #next: number = 0;

  isReady(operation: Operation<About>): boolean {
    if (operation.isRunning) return operation.about.end !== undefined;
    if (this.value !== undefined) return true;
    return this.runner === undefined && (this.line[0] ?? operation) === operation;
  }
  served(operation: Operation<About>, outcome: unknown): void {
    const { end } = operation.about;
    if (operation === this.runner) {
      this.runner = undefined;
      if (end === "fails") expect(outcome).toBe(FAILURE);
      else expect(outcome).toBe((this.value = end!.value));
    } else if (this.value !== undefined) expect(outcome).toBe(this.value);
    else {
      expect(outcome).toBe(PENDING);
      this.expectedBegun++;
      this.runner = operation;
      this.goesOn(operation);
    }
  }
  override dropped(operation: Operation<About>): void {
    if (operation === this.runner) this.runner = undefined;
  }

  getOrInit(at: When): void {
    const probe = new Probe<number>();
    const count = (what: "begun" | "ended"): void => void this[what]++;
    const init = function* () {
      count("begun");
      try {
        return yield* probe;
      } finally {
        count("ended");
      }
    };
    this.begin(this.cell.getOrInit(init), { probe, end: undefined }, at);
  }
  succeed(): void {
    const about = this.runner?.about;
    if (about === undefined || about.end !== undefined) return;
    const value = this.#next++;
    about.end = { value };
    about.probe.resolve(value);
  }
  fail(): void {
    const about = this.runner?.about;
    if (about === undefined || about.end !== undefined) return;
    about.end = "fails";
    about.probe.reject(FAILURE);
  }
  set(): void {
    const value = this.#next++;
    const result = this.cell.set(value);
    if (this.value !== undefined) expect(result).toEqual({ ok: false, reason: "initialized" });
    else if (this.runner !== undefined || this.line.length > 0)
      expect(result).toEqual({ ok: false, reason: "initializing" });
    else {
      expect(result.ok).toBe(true);
      this.value = value;
    }
  }

  override check(): void {
    super.check();
    expect([this.cell.isInitialized, this.cell.get()]).toEqual([this.value !== undefined, this.value]);
    // Never two at once, and one that is abandoned is unwound.
    expect([this.begun, this.begun - this.ended]).toEqual([
      this.expectedBegun,
      this.runner === undefined ? 0 : 1,
    ]);
  }
  finish(): void {
    this.set();
    expect(this.cell.isInitialized).toBe(true);
  }
}

testAgainstModel({
  model: () => new OnceCellModel(),
  commands: {
    getOrInit: [10, when],
    succeed: [1],
    fail: [4],
    set: [1],
    poll: [12, index],
    drop: [6, index],
  },
});
