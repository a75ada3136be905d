/** What travels through a mailbox: the name of a method, its arguments, and who waits for the reply. */

/** Of a message, or of `create`. */
export class Failure {
  readonly error: unknown;
  /** On its way to an asker. */
  isSent: boolean = false;
  /** Somebody has it. */
  isObserved: boolean = false;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Whoever asked. Exactly one of these is called, at most once. */
export interface Asker {
  replied(value: unknown): void;
  failed(failure: Failure): void;
  /** The actor ended without a reply. */
  closed(): void;
}

export class Message {
  declare readonly method: string;
  declare readonly args: readonly unknown[];
  /** Null for a `tell`, and once the asker has gone. */
  declare asker: Asker | null;
  /** In the mailbox: not started yet. */
  declare isQueued: boolean;
  declare next: Message | null;
  declare prev: Message | null;

  constructor(method: string, args: readonly unknown[], asker: Asker | null) {
    this.method = method;
    this.args = args;
    this.asker = asker;
    this.isQueued = false;
    this.next = null;
    this.prev = null;
  }
}
