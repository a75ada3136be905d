/**
 * A session of PostgreSQL: one client of `pg`, one statement at a time.
 *
 *   ready ──run──► busy ──answered──► ready
 *     │             ├─abandoned──► stopping: cancelled on the server ──both ended──► ready
 *     │             │                  └─not in time──► destroyed
 *     └─────────────┴─the server or the network ends it──► broken
 *
 * A cancel request is for the session, not for the statement. So after one, nothing is sent until the
 * server has both answered the statement and closed the connection of the request: else it could hit the
 * next statement.
 */
import { Client, type ClientConfig, type QueryConfig, type QueryResult } from "pg";
import {
  asyncFn,
  CancelledError,
  fromPromise,
  timeout,
  TimeoutError,
  type Future,
  type Routine,
} from "millrace";
import type { Connection, Result, Row } from "../connection.ts";
import type { Sql } from "../statement.ts";
import { requestCancel } from "./cancel-request.ts";
import { internals, type Internals } from "./driver-internals.ts";
import { postgresFailure } from "./failure.ts";
import { ConnectionError } from "../errors.ts";
import { bytesOf, jsonOf } from "../values.ts";

export interface PostgresTarget {
  readonly config: ClientConfig;
  /** For messages. */
  readonly name: string;
  /** In ms. */
  readonly connectTimeout: number;
  /** How long an abandoned statement may take to stop before its connection is broken off, in ms. */
  readonly stopTimeout: number;
}

export class PostgresConnection implements Connection {
  readonly client: Client;
  readonly #target: PostgresTarget;
  /** The last one. */
  #query: Query | undefined;
  #isBroken: boolean = false;
  /** Why, where somebody has said it. */
  #brokenBy: Error | undefined;

  private constructor(target: PostgresTarget) {
    this.#target = target;
    this.client = new Client(target.config);
    // What breaks while nothing is under way comes here, and would end the program if nobody listened.
    this.client.on("error", (cause) => {
      this.#isBroken = true;
      this.#brokenBy ??= cause;
    });
    this.client.on("end", () => {
      this.#isBroken = true;
      this.#query?.isAnswered();
    });
    this.client.on("drain", () => this.#query?.isAnswered());
  }

  static *open(target: PostgresTarget): Routine<PostgresConnection> {
    const { connectTimeout, name } = target;
    let connection: PostgresConnection | undefined;
    let isOpen = false;
    try {
      // The driver reads the certificates that the target names.
      const { client } = (connection = new PostgresConnection(target));
      yield* timeout(
        connectTimeout,
        fromPromise(() => client.connect()),
      );
      isOpen = true;
      connection.#refuseToCopy();
      connection.#internals.unref();
      return connection;
    } catch (cause) {
      if (cause instanceof CancelledError) throw cause;
      if (!(cause instanceof TimeoutError)) throw postgresFailure(cause, name);
      throw new ConnectionError(`cannot connect to ${name}: no answer within ${connectTimeout} ms`, {
        cause,
      });
    } finally {
      if (!isOpen) connection?.destroy();
    }
  }

  get isReady(): boolean {
    return !this.#isBroken && this.#query?.isOver !== false;
  }
  get isInTransaction(): boolean {
    return !this.#isBroken && this.client.getTransactionStatus() !== "I";
  }

  *run(statement: Sql): Routine<Result> {
    const { text, values } = statement;
    if (this.#isBroken) {
      const cause = this.#brokenBy;
      const why = cause === undefined ? "" : `: ${cause.message}`;
      throw new ConnectionError(`the connection to ${this.#target.name} is broken${why}`, {
        cause,
        statement: text,
      });
    }
    const query = (this.#query = new Query(
      this.client,
      text,
      values.map((value) => sendable(value, text)),
    ));
    this.#internals.ref();
    try {
      const { rows, rowCount } = yield* fromPromise(query.result);
      return { rows, count: rowCount ?? 0 };
    } catch (cause) {
      throw cause instanceof CancelledError ? cause : postgresFailure(cause, this.#target.name, text);
    } finally {
      if (!query.isOver) yield* this.#stop(query);
      this.#internals.unref();
    }
  }

  destroy(): void {
    this.#isBroken = true;
    this.#internals.connection.stream.destroy();
  }

  close(): Future<void> {
    return asyncFn(
      function* (this: PostgresConnection): Routine<void> {
        if (this.#isBroken) return;
        this.#isBroken = true;
        this.#internals.ref();
        try {
          yield* timeout(this.#target.stopTimeout, fromPromise(this.client.end())).settled();
        } finally {
          this.#internals.connection.stream.destroy();
        }
      }.bind(this),
    )();
  }

  *#stop(query: Query): Routine<void> {
    let isStopped = false;
    try {
      const request = fromPromise((signal) => requestCancel(this.#target.config, this.client, signal));
      const both = asyncFn(function* (): Routine<void> {
        yield* request;
        yield* fromPromise(query.end);
      });
      const stopped = yield* timeout(this.#target.stopTimeout, both()).settled();
      isStopped = stopped.status === "fulfilled";
    } finally {
      if (!isStopped) this.destroy();
    }
  }

  /** An idle session keeps no program alive; one that listens does. */
  keepAlive(): void {
    this.#internals.ref();
  }

  /** `COPY … FROM STDIN`: the driver says that it has nothing to copy, and its Sync came too early to be heard. */
  #refuseToCopy(): void {
    const { connection: wire } = this.#internals;
    // Behind the driver's own listener, which it has since it began to connect.
    wire.on("copyInResponse", () => wire.sync());
  }

  get #internals(): Internals {
    return internals(this.client);
  }
}

/** One that was sent: whether and when the session is through with it, whoever waits for it. */
class Query {
  readonly result: Promise<QueryResult<Row>>;
  /** Never rejects. */
  readonly end: Promise<void>;
  isOver: boolean = false;
  /** The session is ready again, or has ended. */
  isAnswered: () => void = () => {};

  constructor(client: Client, text: string, values: unknown[]) {
    const answered = new Promise<void>((resolve) => {
      this.isAnswered = resolve;
    });
    // "extended": one statement at a time, also without values.
    const answer = client.query<Row>({ text, values, queryMode: "extended" } as QueryConfig);
    // The driver tells a failure earlier than that.
    this.result = answer.catch(async (error: unknown) => {
      await answered;
      throw error;
    });
    const over = (): void => {
      this.isOver = true;
    };
    this.end = this.result.then(over, over);
  }
}

/** The driver fails late, and badly, with what it cannot turn into text: so objects are JSON from here on. */
function sendable(value: unknown, statement: string): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => sendable(each, statement));
  const bytes = bytesOf(value);
  return bytes === undefined
    ? jsonOf(value, statement)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
