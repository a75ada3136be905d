/**
 * One request, as a task.
 *
 *   [waiting for a permit] ──► handler runs ──► ANSWERED ──► [streaming the body] ──► over
 *           │                      │
 *           └──────────────────────┴── client gone, deadline, server stops ──► task aborted
 *
 * The answer is given once, to the first who has one: the handler, its failure, or the deadline, which does
 * not wait for the handler to clean up. The exchange is over when its task is and, where the runtime tells
 * that, the answer has been written: a shutdown waits for both.
 */
import { CancelledError, type AbortHandle, type Future, type Routine, type TaskContext } from "millrace";
import type { ServerRequest } from "srvx";
import { pin } from "../pin.ts";
import type { Entry } from "./admission.ts";
import { failed, late, leaving, reportable } from "./answers.ts";
import { breakOff, nameOf, onAnswerOver, tellsDelivery } from "./base.ts";
import type { Deadline, Expiring } from "./deadlines.ts";
import type { Reception } from "./reception.ts";
import { StreamedResponse } from "./streamed-response.ts";

/** What a handler answers: a response, or a stream that the request's task sends. */
export type Answer = Response | StreamedResponse;

export class Exchange implements Expiring {
  readonly #reception: Reception;
  readonly #request: ServerRequest;
  readonly #respond: (response: Response) => void;
  #task: AbortHandle | null = null;
  #entry: Entry | Future<Entry> | null;
  #deadline: Deadline | undefined;
  #hasBegun: boolean = false;
  #hasEnded: boolean = false;
  #isAnswered: boolean = false;
  #isDelivered: boolean;
  #isStreamed: boolean = false;

  constructor(
    reception: Reception,
    request: ServerRequest,
    entry: Entry | Future<Entry>,
    respond: (response: Response) => void,
  ) {
    this.#reception = reception;
    this.#request = request;
    this.#entry = entry;
    this.#respond = respond;
    this.#isDelivered = !tellsDelivery(request);
  }

  start(): void {
    const handle = this.#reception.house.tasks.spawn((cx) => this.#run(cx), { name: nameOf(this.#request) });
    // Nobody joins it: a failure is reported at once.
    handle.detach();
    this.#task = handle;
    this.#reception.entered(this);
    onAnswerOver(this.#request, (isWhole, failure) => this.#delivered(isWhole, failure));
  }

  abort(reason: string): void {
    this.#task?.abort(reason);
    // The task has not run yet, and never will.
    if (!this.#hasBegun) this.#end();
    else if (this.#hasEnded && !this.#isDelivered) breakOff(this.#request);
  }

  /** The deadline has come. */
  expire(): void {
    this.#reception.expired++;
    this.#answer(late());
    this.abort("the request's deadline has passed");
  }

  *#run(cx: TaskContext): Routine<void> {
    this.#hasBegun = true;
    const { deadline, deadlines, call } = this.#reception.house;
    if (deadline !== Infinity) this.#deadline = deadlines.add(this, deadline);
    try {
      if (this.#entry !== null && "poll" in this.#entry) yield* this.#admitted(this.#entry);
      const answer = yield* call(this.#request, cx);
      this.#reached();
      this.#reception.served++;
      if (answer instanceof StreamedResponse) yield* this.#send(answer);
      else this.#answer(requireResponse(answer));
    } catch (error) {
      if (cx.isCancelled && error instanceof CancelledError) throw error;
      this.#failed(error);
    } finally {
      this.#end();
    }
  }

  *#admitted(entry: Future<Entry>): Routine<void> {
    this.#entry = null;
    try {
      this.#entry = yield* entry;
    } finally {
      this.#reception.house.admission.waiting--;
    }
  }

  /** Gives back what it holds. */
  #end(): void {
    this.#reached();
    const { admission, retryAfter } = this.#reception.house;
    if (this.#entry !== null && "release" in this.#entry) this.#entry.release();
    else if (this.#entry !== null) admission.waiting--;
    this.#entry = null;
    // Aborted: whoever still listens learns no more than that.
    if (!this.#isAnswered) this.#answer(leaving(retryAfter));
    this.#hasEnded = true;
    if (this.#isDelivered) this.#reception.left(this);
  }

  #delivered(isWhole: boolean, failure: Error | null): void {
    this.#isDelivered = true;
    if (failure !== null && !this.#isStreamed) this.#reportLate(failure);
    if (!isWhole) this.abort("the client has gone away");
    if (this.#hasEnded) this.#reception.left(this);
  }

  *#send(answer: StreamedResponse): Routine<void> {
    this.#isStreamed = true;
    const { response, sending } = answer.open(() => this.abort("the client has gone away"));
    this.#answer(response);
    yield* sending;
  }

  /** The deadline is for the start of the answer. */
  #reached(): void {
    if (this.#deadline !== undefined) this.#reception.house.deadlines.remove(this.#deadline);
    this.#deadline = undefined;
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

  /** The stream of a plain response has failed, which the platform reads: its task has ended before. */
  #reportLate(failure: Error): void {
    const { tasks, onFailure } = this.#reception.house;
    this.#reception.failed++;
    const report = (): void => {
      if (onFailure === undefined) throw reportable(failure);
      onFailure(failure, this.#request);
    };
    tasks.spawn(report, { name: nameOf(this.#request) }).detach();
  }

  #answer(response: Response): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#respond(response);
  }
}

function requireResponse(answer: unknown): Response {
  if (answer instanceof Response) {
    if (answer.status !== 0 && !answer.bodyUsed) return answer;
    const what = answer.bodyUsed ? "one whose body was already read" : "Response.error()";
    throw new TypeError(`a handler must answer with a Response that can be sent, got ${what}`);
  }
  throw new TypeError(
    `a handler must answer with a Response, or with what streamed() gives, got ${answer === null ? "null" : typeof answer}`,
  );
}

pin(new Exchange(null as never, {} as never, null as never, () => {}));
