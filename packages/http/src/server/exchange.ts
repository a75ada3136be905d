/**
 * One request, as a task.
 *
 *   [waiting for a permit] ──► handler runs ──► ANSWERED ──► [streaming the body] ──► over
 *           │                      │
 *           └──────────────────────┴── client gone, deadline, server stops ──► task aborted
 *
 * The answer is given once, to the first who has one: the handler, its failure, or the deadline, which does
 * not wait for the handler to clean up.
 */
import {
  CancelledError,
  type AbortHandle,
  type Future,
  type Routine,
  type SemaphorePermit,
  type TaskContext,
} from "millrace";
import type { ServerRequest } from "srvx";
import { failed, late, leaving, reportable } from "./answers.ts";
import { nameOf, onClientGone } from "./base.ts";
import type { Deadline, Expiring } from "./deadlines.ts";
import type { Reception } from "./reception.ts";
import { StreamedResponse } from "./streamed-response.ts";

/** What a handler answers: a response, or a stream that the request's task sends. */
export type Answer = Response | StreamedResponse;

export class Exchange implements Expiring {
  readonly #reception: Reception;
  readonly #request: ServerRequest;
  readonly #entry: SemaphorePermit | Future<SemaphorePermit>;
  readonly #respond: (response: Response) => void;
  #task: AbortHandle | null = null;
  #isAnswered: boolean = false;

  constructor(
    reception: Reception,
    request: ServerRequest,
    entry: SemaphorePermit | Future<SemaphorePermit>,
    respond: (response: Response) => void,
  ) {
    this.#reception = reception;
    this.#request = request;
    this.#entry = entry;
    this.#respond = respond;
  }

  start(): void {
    const handle = this.#reception.house.tasks.spawn((cx) => this.#run(cx), { name: nameOf(this.#request) });
    // Nobody joins it: a failure is reported at once.
    handle.detach();
    this.#task = handle;
    this.#reception.entered(this);
    onClientGone(this.#request, () => this.abort("the client has gone away"));
  }

  abort(reason: string): void {
    this.#task?.abort(reason);
  }

  /** The deadline has come. */
  expire(): void {
    this.#reception.expired++;
    this.#answer(late());
    this.abort("the request's deadline has passed");
  }

  *#run(cx: TaskContext): Routine<void> {
    const { deadline, deadlines, call } = this.#reception.house;
    let key: Deadline | undefined;
    if (deadline !== Infinity) key = deadlines.add(this, deadline);
    const reached = (): void => {
      if (key !== undefined) deadlines.remove(key);
      key = undefined;
    };
    let permit: SemaphorePermit | undefined;
    try {
      permit = yield* this.#admitted();
      const answer = yield* call(this.#request, cx);
      reached();
      yield* this.#give(answer);
    } catch (error) {
      if (cx.isCancelled && error instanceof CancelledError) throw error;
      this.#failed(error);
    } finally {
      reached();
      permit?.release();
      // Aborted: whoever still listens learns no more than that.
      this.#answer(leaving(this.#reception.house.retryAfter));
      this.#reception.left(this);
    }
  }

  *#admitted(): Routine<SemaphorePermit> {
    const entry = this.#entry;
    if (!("poll" in entry)) return entry;
    const { admission } = this.#reception.house;
    admission.waiting++;
    try {
      return yield* entry;
    } finally {
      admission.waiting--;
    }
  }

  *#give(answer: Answer): Routine<void> {
    this.#reception.served++;
    if (answer instanceof StreamedResponse) {
      const { response, sending } = answer.open(() => this.abort("the client has gone away"));
      this.#answer(response);
      yield* sending;
    } else if (answer instanceof Response) this.#answer(answer);
    else
      throw new TypeError(
        `a handler must answer with a Response, or with what streamed() gives, got ${answer === null ? "null" : typeof answer}`,
      );
  }

  /** Answers, and reports what is a failure of the program. Throws it on, so that the runtime's policy decides. */
  #failed(error: unknown): void {
    const { response, isFailure } = failed(error);
    this.#answer(response);
    if (!isFailure) return;
    this.#reception.failed++;
    const { onFailure } = this.#reception.house;
    if (onFailure === undefined) throw reportable(error);
    onFailure(error, this.#request);
  }

  #answer(response: Response): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#respond(response);
  }
}
