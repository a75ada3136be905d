/** Node's readable streams as sources. They are read when there is demand; leaving destroys them. */
import { ClosedError } from "../errors.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { Future } from "../runtime/future.ts";
import { cx } from "../runtime/kernel.ts";
import { END, Source, type Pulled } from "./source.ts";

/** The part of `stream.Readable` that is used. */
interface NodeReadable {
  read(): unknown;
  destroy(error?: Error): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  readonly errored?: Error | null;
}

export function isNodeReadable(value: unknown): value is NodeReadable {
  const stream = value as Partial<NodeReadable> | null;
  return (
    typeof stream?.read === "function" &&
    typeof stream.on === "function" &&
    typeof stream.destroy === "function" &&
    typeof stream.readableEnded === "boolean"
  );
}

const CHANGES = ["readable", "end", "close"] as const;

/**
 *   errors are listened for ──nothing to read──► changes as well
 *     └──END, "close"─► nothing ◄──"close"── errors, so that a late one harms nobody ◄──free
 */
export class NodeSource extends Source<unknown> {
  readonly #stream: NodeReadable;
  #isListening: boolean = false;
  #waker: Waker | null = null;
  #failure: { readonly error: unknown } | null = null;
  readonly #wait: Future<void> = new NodeWait();
  readonly #onChange: () => void = () => this.#waker?.wake();
  readonly #onError: (error: unknown) => void = (error) => {
    this.#failure ??= { error };
    this.#waker?.wake();
  };
  readonly #onClose: () => void = () => {
    this.#stream.off("close", this.#onClose);
    this.#stream.off("error", this.#onError);
  };

  constructor(stream: NodeReadable) {
    super();
    this.#stream = stream;
    // Whoever fails before the first read would otherwise end the process.
    stream.on("error", this.#onError);
    stream.on("close", this.#onClose);
  }

  poll(waker: Waker): Pulled<unknown> {
    if (!mayProceed(waker)) return PENDING;
    const stream = this.#stream;
    const chunk = this.#failure === null ? stream.read() : null;
    if (chunk !== null) {
      cx.budget--;
      return chunk;
    }
    const failure = this.#failure?.error ?? stream.errored ?? undefined;
    if (failure !== undefined) throw failure;
    if (stream.readableEnded) {
      this.#stopListening();
      this.#onClose();
      return END;
    }
    if (stream.destroyed) throw new ClosedError("the readable stream was destroyed before its end");
    this.#waker = waker;
    this.#listen();
    return PENDING;
  }

  protected override free(): void {
    this.#stopListening();
    const stream = this.#stream;
    if (stream.readableEnded) this.#onClose();
    else if (!stream.destroyed) stream.destroy();
  }
  override waits(): Iterable<Future<unknown>> {
    return [this.#wait];
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    for (const event of CHANGES) this.#stream.on(event, this.#onChange);
  }
  #stopListening(): void {
    this.#waker = null;
    if (!this.#isListening) return;
    this.#isListening = false;
    for (const event of CHANGES) this.#stream.off(event, this.#onChange);
  }
}

/** Stands for the stream in what is said of waits. */
class NodeWait extends Future<void> {
  poll(): typeof PENDING {
    return PENDING;
  }
  override describeWait(): string {
    return "a Node stream to become readable";
  }
  override get isExternalWait(): boolean {
    return true;
  }
}
