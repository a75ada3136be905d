/**
 * Random programs on one actor, side by side with a naive model of it: an array of what is queued, an
 * array of who waits for room, and what runs until when.
 *
 * Between two `settle`s no task runs, so messages are also withdrawn after the actor was woken for them,
 * and senders dropped after they were given room.
 */
import fc from "fast-check";
import { ClosedError, type Future, now, PENDING, sleep } from "millrace";
import { startActor, type ActorRef } from "millrace/actor";
import { paused, step, type Stepper, type TestClock } from "millrace/testing";
import { expect, test } from "vitest";
import { get, styles, type Style } from "../both-styles.ts";
import { randomPrograms } from "../random-programs.ts";

const MAILBOX = 2;
const RESTARTS = { limit: 2, within: 20 };
type Policy = "stop" | "resume" | "restart";

type Command =
  | readonly ["ask" | "tell", ms: number, isFailing: boolean]
  | readonly ["drop" | "settle", number]
  | readonly ["stop" | "abort" | "dispose"];

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(
      fc.constantFrom("ask", "tell"),
      fc.constantFrom(0, 0, 3, 10),
      fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant("drop"), fc.nat(6)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("settle"), fc.constantFrom(0, 0, 1, 5, 30)) },
  { weight: 1, arbitrary: fc.constantFrom<Command>(["stop"], ["abort"], ["dispose"]) },
);

interface Sent {
  readonly id: number;
  readonly isAsk: boolean;
  readonly ms: number;
  readonly isFailing: boolean;
  /** Null once it is over. */
  stepper: Stepper<unknown> | null;
  isAbandoned: boolean;
}
interface Worker {
  work(id: number, ms: number, isFailing: boolean): unknown;
}

class Run {
  readonly #ref: ActorRef<Worker>;
  readonly #clock: TestClock;
  readonly #policy: Policy;
  /** What has happened. */
  readonly log: string[] = [];
  // the model
  readonly expected: string[] = [];
  readonly reported: string[] = [];
  queue: Sent[] = [];
  line: Sent[] = [];
  all: Sent[] = [];
  running: { readonly sent: Sent; readonly until: number } | null = null;
  sum: number = 0;
  end: string | null = null;
  #restarts: number[] = [];
  #isStarted: boolean = false;
  #isClosed: boolean = false;
  #isDisposed: boolean = false;
  #isAborted: boolean = false;

  constructor({ body }: Style, policy: Policy, clock: TestClock) {
    this.#clock = clock;
    this.#policy = policy;
    const { log } = this;
    const create = (): Worker & Disposable => {
      let sum = 0;
      return {
        work: body(function* (id: number, ms: number, isFailing: boolean) {
          log.push(`${id} begins at ${now()}`);
          if (ms > 0) yield* get(sleep(ms));
          if (isFailing) throw new Error(`${id}`);
          log.push(`${id} ends at ${now()}`);
          return (sum += id);
        }),
        [Symbol.dispose]: () => void log.push("disposed"),
      };
    };
    this.#ref = startActor(create, { mailbox: MAILBOX, onFailure: policy, restarts: RESTARTS });
  }

  // ── commands

  send(isAsk: boolean, ms: number, isFailing: boolean): void {
    const id = this.all.length + 1;
    const future: Future<unknown> = (isAsk ? this.#ref.ask : this.#ref.tell).work(id, ms, isFailing);
    const sent: Sent = { id, isAsk, ms, isFailing, stepper: step(future), isAbandoned: false };
    this.all.push(sent);
    if (this.#isClosed || this.#isDisposed || this.end !== null) this.over(sent, "closed");
    else if (this.queue.length + this.line.length < MAILBOX) this.put(sent);
    else this.line.push(sent);
    this.poll(sent);
  }
  drop(index: number): void {
    const live = this.all.filter(({ stepper }) => stepper !== null);
    const sent = live[index % live.length];
    if (sent === undefined) return;
    sent.stepper!.drop();
    sent.stepper = null;
    sent.isAbandoned = true;
    this.queue = this.queue.filter((each) => each !== sent);
    this.line = this.line.filter((each) => each !== sent);
    this.closeIfUnclaimed();
  }
  stop(): void {
    if (this.#isDisposed && !this.#isClosed) return;
    step(this.#ref.stop()).poll();
    this.close();
  }
  abort(): void {
    if (this.#isDisposed && !this.#isClosed) return;
    this.#ref.abort("enough");
    this.#isAborted = true;
    // It runs nothing, and ends at once.
    if (!this.#isStarted) this.ended("cancelled");
  }
  dispose(): void {
    this.#ref[Symbol.dispose]();
    this.#isDisposed = true;
    this.closeIfUnclaimed();
  }

  /** Lets `ms` pass. Whoever is woken is polled. */
  async settle(ms: number): Promise<void> {
    for (let elapsed = 0; ; elapsed++) {
      for (let isAnyWoken = true; isAnyWoken;) {
        await this.#clock.settle();
        const woken = this.all.filter(({ stepper }) => stepper?.isWoken);
        this.proceed();
        for (const sent of woken) this.poll(sent);
        isAnyWoken = woken.length > 0;
      }
      if (elapsed >= ms) break;
      await this.#clock.advance(1);
    }
    expect(this.log).toEqual(this.expected);
    expect(this.#ref.queued).toBe(this.queue.length);
    // Each is over, in both, or waits.
    expect(this.all.filter(({ stepper }) => stepper !== null)).toEqual([...this.live()]);
  }

  *live(): IterableIterator<Sent> {
    for (const sent of this.all) {
      const isUnanswered = this.running?.sent === sent || this.queue.includes(sent);
      if (this.line.includes(sent) || (sent.isAsk && isUnanswered && !sent.isAbandoned)) yield sent;
    }
  }

  // ── what is seen

  /** How each ends, as the model has it. */
  readonly due: Map<Sent, string> = new Map();

  poll(sent: Sent): void {
    if (sent.stepper === null) return;
    this.admit(sent);
    let outcome: string;
    try {
      const value = sent.stepper.poll();
      if (value === PENDING) return;
      outcome = sent.isAsk ? `replied ${String(value)}` : "sent";
    } catch (error) {
      outcome = error instanceof ClosedError ? "closed" : `failed ${(error as Error).message}`;
    }
    sent.stepper = null;
    expect([sent.id, outcome]).toEqual([sent.id, this.due.get(sent)]);
  }
  over(sent: Sent, outcome: string): void {
    if (!this.due.has(sent)) this.due.set(sent, outcome);
  }

  // ── the model

  /** Whoever was given room puts the message in when it is polled. */
  admit(sent: Sent): void {
    const place = this.line.indexOf(sent);
    if (place < 0 || place >= MAILBOX - this.queue.length) return;
    this.line.splice(place, 1);
    this.put(sent);
    this.closeIfUnclaimed();
  }

  put(sent: Sent): void {
    this.queue.push(sent);
    if (!sent.isAsk) this.over(sent, "sent");
  }
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const sent of this.line) this.over(sent, "closed");
    this.line = [];
  }
  closeIfUnclaimed(): void {
    if (this.#isDisposed && this.line.length === 0) this.close();
  }
  ended(how: string): void {
    this.close();
    this.end = how;
    for (const sent of this.queue) this.over(sent, "closed");
    if (this.running !== null) this.over(this.running.sent, "closed");
    this.running = null;
    this.queue = [];
    if (this.#isStarted) this.expected.push("disposed");
  }

  proceed(): void {
    while (this.end === null) {
      if (this.#isAborted) return this.ended("cancelled");
      this.#isStarted = true;
      if (this.running === null) {
        const sent = this.queue.shift();
        if (sent !== undefined) {
          this.expected.push(`${sent.id} begins at ${now()}`);
          this.running = { sent, until: now() + sent.ms };
        } else if (this.#isClosed) return this.ended("fulfilled");
        else return;
      } else if (this.running.until > now()) return;
      else {
        const { sent } = this.running;
        this.running = null;
        if (sent.isFailing) this.failed(sent);
        else {
          this.expected.push(`${sent.id} ends at ${now()}`);
          this.sum += sent.id;
          if (sent.isAsk) this.over(sent, `replied ${this.sum}`);
        }
      }
    }
  }
  failed(sent: Sent): void {
    const isTold = sent.isAsk && !sent.isAbandoned;
    if (isTold) this.over(sent, `failed ${sent.id}`);
    if (this.#policy !== "resume") {
      this.#restarts = this.#restarts.filter((time) => now() - time < RESTARTS.within);
      if (this.#policy === "stop" || this.#restarts.length === RESTARTS.limit)
        return this.ended(`rejected ${sent.id}`);
      this.#restarts.push(now());
      this.expected.push("disposed");
      this.sum = 0;
    }
    if (!isTold) this.reported.push(`${sent.id}`);
  }

  async finish(reported: readonly string[]): Promise<void> {
    this.dispose();
    for (const sent of this.all) {
      if (sent.stepper !== null && this.line.includes(sent))
        this.drop(this.all.filter(({ stepper }) => stepper !== null).indexOf(sent));
    }
    await this.settle(500);
    const outcome = await this.#ref.stopped();
    const how =
      outcome.status === "rejected" ? `rejected ${(outcome.reason as Error).message}` : outcome.status;
    expect(how).toBe(this.end);
    expect(reported).toEqual(this.reported);
  }
}

for (const style of styles) {
  for (const policy of ["stop", "resume", "restart"] as const) {
    test(
      `an actor that would ${policy} does what its model does [${style.name}]`,
      { timeout: 60_000 },
      async () => {
        const programs = fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
          const reported: string[] = [];
          await paused(
            async (clock) => {
              const run = new Run(style, policy, clock);
              for (const [name, ...args] of commands) {
                if (name === "ask" || name === "tell")
                  run.send(name === "ask", ...(args as [number, boolean]));
                else if (name === "settle") await run.settle(args[0] as number);
                else if (name === "drop") run.drop(args[0] as number);
                else run[name]();
              }
              await run.finish(reported);
            },
            {
              autoAdvance: false,
              onTaskFailure: ({ error }) => void reported.push((error as Error).message),
            },
          );
        });
        await fc.assert(programs, randomPrograms(0.05));
      },
    );
  }
}
