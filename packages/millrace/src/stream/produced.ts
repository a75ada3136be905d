/** A task that writes the items of a stream into a bounded channel. */
import { requireBody } from "../runtime/argument.ts";
import { PENDING, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { abandon, claim, type Future } from "../runtime/future.ts";
import type { JoinHandle } from "../runtime/join-handle.ts";
import { spawn } from "../runtime/spawn.ts";
import { channel, type Receiver } from "../sync/mpsc/mpsc.ts";
import type { Message } from "../sync/try.ts";
import { requireLimit } from "./callback.ts";
import { close, type Closing } from "./closing.ts";
import { END, Source, type Pulled } from "./source.ts";

type Producer<T> = Body<void, [send: (item: T) => Future<void>]>;

/** The task starts when the first item is asked for. */
export class ProducedSource<T> extends Source<T> {
  readonly #capacity: number;
  readonly #producer: Producer<T>;
  #rx: Receiver<Message> | null = null;
  #task: JoinHandle<void> | null = null;
  /** The next message; then the end of the task. */
  #wait: Future<unknown> | null = null;
  #isJoining: boolean = false;
  #hasEnded: boolean = false;

  constructor(capacity: number, producer: Producer<T>) {
    super();
    this.#capacity = requireLimit("Stream.produce", "capacity", capacity, 1);
    requireBody("Stream.produce", producer);
    this.#producer = producer;
  }

  poll(waker: Waker): Pulled<T> {
    if (this.#hasEnded) return END;
    this.#wait ??= claim<unknown>(this.#isJoining ? this.#task! : (this.#rx ?? this.#start()).recv());
    let value: Poll<unknown>;
    try {
      value = this.#wait.poll(waker);
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    }
    if (value === PENDING) return PENDING;
    this.#wait = null;
    if (this.#isJoining) {
      this.#hasEnded = true;
      return END;
    }
    if (value !== undefined) return value as T;
    this.#isJoining = true;
    return this.poll(waker);
  }

  #start(): Receiver<Message> {
    const [tx, rx] = channel<Message>(Math.min(this.#capacity, Number.MAX_SAFE_INTEGER));
    const send = (item: T): Future<void> => tx.send(item as Message);
    const run = new Call<void, [typeof send]>(this.#producer, [send], { onEnd: () => tx.close() });
    this.#task = spawn(run, { name: this.#producer.name || "Stream.produce" });
    return (this.#rx = rx);
  }

  protected override free(closing: Closing | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#wait !== null) abandon(this.#wait);
    const task = this.#task;
    if (task === null) return;
    task.abort("the consumer of the stream has left");
    // What its cleanup still sends fails at once, rather than wait for nobody.
    this.#rx![Symbol.dispose]();
    close(closing, async () => {
      const end = await task.settled();
      if (end.status === "rejected") throw end.reason;
    });
  }
  override waits(): Iterable<Future<unknown>> {
    return this.#wait === null ? [] : [this.#wait];
  }
}
