/**
 * Every error the library throws. One base class, a stable literal `code` each, made where it is
 * thrown so that the stack is the caller's. A message says what happened and what was expected.
 */

/** Base of every error of the library: `code` is stable across versions, `name` is the class name. */
export class MillraceError extends Error {
  /** Which error it is, for programs; the same in every version. */
  readonly code: string = "ERR_MILLRACE";
  /** Its `name`, which so survives minification; a class that nobody uses can be left out of a bundle. @internal */
  static readonly errorName: string = "MillraceError";
  static {
    Object.defineProperty(this.prototype, "name", {
      configurable: true,
      get(this: MillraceError) {
        return (this.constructor as typeof MillraceError).errorName;
      },
      set(this: MillraceError, value: unknown) {
        Object.defineProperty(this, "name", { value, configurable: true, writable: true });
      },
    });
  }
}

/**
 * A task, scope or operation was cancelled. `name` and `code` are those of Node's and the DOM's
 * `AbortError`, so that existing checks hold.
 */
export class CancelledError extends MillraceError {
  /** That of Node's `AbortError`. */
  override readonly code: "ABORT_ERR" = "ABORT_ERR";
  /** What was given to `abort` or `cancel`. */
  readonly reason: unknown;
  /** `reason` becomes the `cause`, too. */
  constructor(message: string = "the operation was cancelled", reason?: unknown) {
    super(message, reason === undefined ? undefined : { cause: reason });
    this.reason = reason;
  }
  /** @internal */
  static override readonly errorName: string = "AbortError";
}

/** A time limit passed before the operation finished; the operation was abandoned. */
export class TimeoutError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_TIMEOUT" = "ERR_TIMEOUT";
  /** @internal */
  static override readonly errorName: string = "TimeoutError";
}

/** A single-use future was used a second time. */
export class FutureConsumedError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_FUTURE_CONSUMED" = "ERR_FUTURE_CONSUMED";
  /** @internal */
  static override readonly errorName: string = "FutureConsumedError";
}

/** Every branch of a `select` was disabled. */
export class SelectError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_SELECT" = "ERR_SELECT";
  /** @internal */
  static override readonly errorName: string = "SelectError";
}

/** Nothing can ever run again. `waits` says what every task waits for, and the cycle if there is one. */
export class DeadlockError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_DEADLOCK" = "ERR_DEADLOCK";
  /** One line a task, and one for the cycle. */
  readonly waits: readonly string[];
  /** Made by the runtime. */
  constructor(message: string, waits: readonly string[]) {
    super(message);
    this.waits = waits;
  }
  /** @internal */
  static override readonly errorName: string = "DeadlockError";
}

/** The channel, semaphore, scope or actor is closed. */
export class ClosedError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: string = "ERR_CLOSED";
  /** @internal */
  static override readonly errorName: string = "ClosedError";
}

/** A value could not be delivered; `value` hands it back. */
export class SendError<T> extends ClosedError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_SEND" = "ERR_SEND";
  /** What was to be sent. */
  readonly value: T;
  /** Made by the channels. */
  constructor(message: string, value: T) {
    super(message);
    this.value = value;
  }
  /** @internal */
  static override readonly errorName: string = "SendError";
}

/** The sender is gone and nothing is left to receive. */
export class RecvError extends ClosedError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_RECV" = "ERR_RECV";
  /** @internal */
  static override readonly errorName: string = "RecvError";
}

/** A receiver fell behind; `missed` messages were overwritten before it read them. */
export class LaggedError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_LAGGED" = "ERR_LAGGED";
  /** How many messages. */
  readonly missed: number;
  /** Made by the channels. */
  constructor(message: string, missed: number) {
    super(message);
    this.missed = missed;
  }
  /** @internal */
  static override readonly errorName: string = "LaggedError";
}

/** The runtime was shut down while the operation was running on it. */
export class RuntimeShutdownError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_RUNTIME_SHUTDOWN" = "ERR_RUNTIME_SHUTDOWN";
  /** @internal */
  static override readonly errorName: string = "RuntimeShutdownError";
}

/** A thread of a pool died (exit, out of memory, uncaught exception) or was replaced; says which call and why. */
export class ThreadError extends MillraceError {
  /** Which error it is, for programs. */
  override readonly code: "ERR_THREAD" = "ERR_THREAD";
  /** With which the thread exited, where that is what happened. */
  readonly exitCode: number | undefined;
  /** Made by the pools. */
  constructor(message: string, exitCode: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
  /** @internal */
  static override readonly errorName: string = "ThreadError";
}
