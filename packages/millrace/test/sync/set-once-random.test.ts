/** Random programs on a SetOnce. The model: the value, if there is one. */
import { SetOnce } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, testAgainstModel, when, type When } from "./model.ts";

class SetOnceModel extends Model<null> {
  readonly once: SetOnce<number> = new SetOnce();
  value: number | undefined;
  #next: number = 0;

  isReady(): boolean {
    return this.value !== undefined;
  }
  served(_operation: Operation<null>, outcome: unknown): void {
    expect(outcome).toBe(this.value);
  }
  waitForIt(at: When): void {
    this.begin(this.once.wait(), null, at);
  }
  set(): void {
    const value = this.#next++;
    expect(this.once.set(value)).toBe(this.value === undefined);
    this.value ??= value;
  }
  override check(): void {
    super.check();
    expect(this.once.get()).toBe(this.value);
  }
  finish(): void {
    this.set();
    expect(this.once.get()).toBe(this.value);
  }
}

testAgainstModel({
  model: () => new SetOnceModel(),
  commands: { waitForIt: [10, when], set: [1], poll: [8, index], drop: [5, index] },
  share: 0.5,
});
