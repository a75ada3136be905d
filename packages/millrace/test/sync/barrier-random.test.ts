/** Random programs on a barrier. The model: those who have arrived, until there are as many as it takes. */
import fc from "fast-check";
import { Barrier } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, testAgainstModel, when, type When } from "./model.ts";

class BarrierModel extends Model<null> {
  readonly barrier: Barrier;
  readonly parties: number;
  arrived: Operation<null>[] = [];
  passed: Set<Operation<null>> = new Set();

  constructor(parties: number) {
    super();
    this.parties = Math.max(1, parties);
    this.barrier = new Barrier(parties);
  }
  isReady(operation: Operation<null>): boolean {
    return operation.isWaiting ? this.passed.has(operation) : this.arrived.length + 1 === this.parties;
  }
  served(operation: Operation<null>, outcome: unknown): void {
    const isLeader = !this.passed.has(operation);
    expect(outcome).toEqual({ isLeader });
    if (!isLeader) return;
    for (const other of this.arrived) this.passed.add(other);
    this.arrived = [];
  }
  override dropped(operation: Operation<null>): void {
    this.arrived = this.arrived.filter((other) => other !== operation);
  }
  protected override wait(operation: Operation<null>): void {
    super.wait(operation);
    this.arrived.push(operation);
  }

  arrive(at: When): void {
    this.begin(this.barrier.wait(), null, at);
  }
  /** Whoever was withdrawn does not count: it takes all the parties again. */
  finish(): void {
    for (let i = 1; i < this.parties; i++) this.arrive("at once");
    expect(this.arrived).toHaveLength(this.parties - 1);
    this.arrive("at once");
    expect(this.passed.size).toBeGreaterThanOrEqual(this.parties - 1);
    this.check();
  }
}

testAgainstModel({
  model: (parties: number) => new BarrierModel(parties),
  setup: fc.nat(5),
  commands: { arrive: [10, when], poll: [8, index], drop: [5, index] },
});
