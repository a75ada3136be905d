/**
 * Random programs on one primitive, side by side with a model of it.
 *
 * A model is naive: arrays of what is there, in order of arrival, and one question, `isReady`, answered
 * anew each time from what has happened. It knows nothing of queues, grants and wake-ups; that these are
 * right follows from comparing, after every step, who is woken with who is ready.
 *
 * A command of a program is a method of the model. It does the same to the primitive and to the model.
 */
import fc from "fast-check";
import { type Future, PENDING } from "millrace";
import { step, type Stepper } from "millrace/testing";
import { expect, test } from "vitest";
import { randomPrograms } from "../random-programs.ts";

/** Something that waits or may wait, under way in the primitive and in the model. */
export class Operation<About> {
  readonly stepper: Stepper<unknown>;
  readonly about: About;
  /** It was polled, had to wait, and has its place among those who wait. */
  isWaiting: boolean = false;
  /** It has what it waited for, and goes on with a body of its own. */
  isRunning: boolean = false;
  constructor(future: Future<unknown>, about: About) {
    this.stepper = step(future);
    this.about = about;
  }
}

/** Polled as soon as it is made or, so that others come first, by a later command. */
export type When = "at once" | "later";

export abstract class Model<About> {
  /** Begun and not over. */
  operations: Operation<About>[] = [];
  /** Those of them that wait, in the order in which they began to. */
  line: Operation<About>[] = [];

  /** Whether it completes when polled now; for one that does not wait yet, whether it need not. */
  abstract isReady(operation: Operation<About>): boolean;
  /** A ready one was polled: `outcome` is what it gave or, if it threw, the error. */
  abstract served(operation: Operation<About>, outcome: unknown): void;
  /** Abandoned. It is no longer among the operations. */
  dropped(_operation: Operation<About>): void {}
  /** Everybody has gone; what must then be seen. */
  abstract finish(): void;

  begin(future: Future<unknown>, about: About, when: When): void {
    const operation = new Operation(future, about);
    this.operations.push(operation);
    if (when === "at once") this.pollOne(operation);
  }

  // ── the commands of every program

  poll(index: number): void {
    const operation = pick(this.operations, index);
    if (operation !== undefined) this.pollOne(operation);
  }
  drop(index: number): void {
    const operation = pick(this.operations, index);
    if (operation === undefined) return;
    operation.stepper.drop();
    this.leave(operation);
    this.dropped(operation);
  }

  /** After every command. */
  check(): void {
    for (const operation of this.operations) {
      if (operation.isWaiting || operation.isRunning)
        expect(operation.stepper.isWoken, "is woken").toBe(this.isWoken(operation));
    }
  }
  /** Where somebody may be woken in vain, it is told by more than being ready. */
  isWoken(operation: Operation<About>): boolean {
    return this.isReady(operation);
  }

  end(): void {
    while (this.operations.length > 0) this.drop(0);
    this.finish();
  }

  protected pollOne(operation: Operation<About>): void {
    const isReady = this.isReady(operation);
    const outcome = polled(operation.stepper);
    if (isReady) {
      this.leave(operation);
      this.served(operation, outcome);
      return;
    }
    expect(outcome).toBe(PENDING);
    if (!operation.isWaiting && !operation.isRunning) this.wait(operation);
  }
  /** It takes its place behind all who wait. */
  protected wait(operation: Operation<About>): void {
    operation.isWaiting = true;
    this.line.push(operation);
  }
  /** It has been served, and runs a body before it is over. */
  protected goesOn(operation: Operation<About>): void {
    operation.isRunning = true;
    this.operations.push(operation);
  }
  private leave(operation: Operation<About>): void {
    remove(this.operations, operation);
    remove(this.line, operation);
    operation.isWaiting = operation.isRunning = false;
  }
}

/** How often a command comes, and what its arguments are. */
type Offer<F> = F extends (...args: infer Args) => void
  ? readonly [weight: number, ...{ [I in keyof Args]: fc.Arbitrary<Args[I]> }]
  : never;
export type Commands<M> = { readonly [K in keyof M]?: Offer<M[K]> };

export const when: fc.Arbitrary<When> = fc.constantFrom("at once", "at once", "at once", "later");
export const index: fc.Arbitrary<number> = fc.nat(12);

type Program = readonly (readonly [name: string, ...args: unknown[]])[];

/** A test that random programs of `commands` do the same to the primitive as to the model. */
export function testAgainstModel<M extends Model<never> | Model<unknown>, Setup = undefined>(options: {
  /** What else the programs show, with the number of the behaviour. */
  readonly title?: string;
  readonly model: (setup: Setup) => M;
  readonly commands: Commands<M>;
  readonly setup?: fc.Arbitrary<Setup>;
  /** Where the programs run; at once unless they need something around them. */
  readonly within?: (run: () => void) => unknown;
  readonly share?: number;
}): void {
  const { title, model, commands, setup, within = (run) => run(), share = 1 } = options;
  const offers = Object.entries(commands) as [string, readonly [number, ...fc.Arbitrary<unknown>[]]][];
  const command = fc.oneof(
    ...offers.map(([name, [weight, ...args]]) => ({
      weight,
      arbitrary: fc.tuple(fc.constant(name), ...args),
    })),
  );
  const program: fc.Arbitrary<Program> = fc.array(command, { maxLength: 60, size: "max" });
  const property = fc.property(
    (setup ?? fc.constant(undefined)) as fc.Arbitrary<Setup>,
    program,
    (given, steps) => {
      const subject = model(given);
      const methods = subject as unknown as Record<string, (...args: unknown[]) => void>;
      for (const [name, ...args] of steps) {
        methods[name]!(...args);
        subject.check();
      }
      subject.end();
    },
  );
  test(title ?? "random programs do what the model does, step by step", () =>
    within(() => fc.assert(property, randomPrograms(share))),
  );
}

export function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % (list.length || 1)];
}
export function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

function polled(stepper: Stepper<unknown>): unknown {
  try {
    return stepper.poll();
  } catch (error) {
    return error;
  }
}
