/**
 * Transactions under every order of two tasks on one connection, one of which may be cancelled at any moment:
 * in BEGIN, in a statement, in COMMIT, while it waits for the connection. The database is a fake that says so
 * when two statements overlap or one comes at the wrong time.
 */
import { asyncFn, race, sleep, spawn, yieldNow, type Future, type JoinHandle, type Routine } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { check, explored, finish } from "../../millrace/test/explore/explored.ts";
import { get, styles, type Steps, type Style } from "../../millrace/test/both-styles.ts";
import type { Connection, Driver, Result } from "../src/connection.ts";
import { StatementError, TransactionError } from "../src/errors.ts";
import { Pool } from "../src/pool.ts";
import { raw, type Sql } from "../src/statement.ts";
import { Transaction } from "../src/transaction.ts";

class FakeDatabase {
  readonly stored: string[] = [];
  readonly pool: Pool;
  readonly driver: Driver = { target: "a fake", begin: () => raw("BEGIN") };
  readonly #ms: number;
  readonly #size: number;
  /** Stopping a statement goes on waiting when it is told that it has taken too long. */
  isStubborn: boolean = false;
  /** A statement was stopped before it was executed or answered, in a transaction that has been committed. */
  isHalfDone: boolean = false;
  open: number = 0;
  /** In all. */
  opened: number = 0;
  commitsStopped: number = 0;
  /** Abandoned, and so their connections are thrown away. */
  rollbacksStopped: number = 0;
  /** The first thing that must never be: whoever runs a rollback keeps its failure to himself. */
  wrong: string | undefined;
  /** `ms`: how long a statement takes, half of it before it is executed; 0 is a turn each. */
  constructor(ms: number = 0, size: number = 1) {
    this.#ms = ms;
    this.#size = size;
    const open = (): Routine<Connection> => this.#open();
    this.pool = new Pool("a fake", open, { size, acquireTimeout: 1000, idleTimeout: Infinity });
  }
  /** Half of what a statement takes. */
  pause(): Future<void> {
    return this.#ms === 0 ? yieldNow() : sleep(this.#ms / 2);
  }
  *#open(): Routine<Connection> {
    yield* yieldNow();
    this.open++;
    this.opened++;
    return new Session(this) as Connection;
  }
  transaction<T>(style: Style, steps: (tx: Transaction) => Steps<T>) {
    const body = style.body(steps);
    return asyncFn(() => Transaction.run(this.pool, this.driver, body as never, {}) as Routine<T>)();
  }
  /** What must hold in the end: each transaction is there as a whole or not at all, and nothing is in use. */
  check(...transactions: (readonly string[])[]): void {
    const missing = (rows: readonly string[]) => rows.filter((row) => !this.stored.includes(row));
    for (const rows of transactions) {
      const { length } = missing(rows);
      check(length === 0 || length === rows.length, `only a part of ${rows.join()}: ${this.stored.join()}`);
    }
    check(new Set(this.stored).size === this.stored.length, `twice: ${this.stored.join()}`);
    check(this.wrong === undefined, this.wrong ?? "");
    check(this.pool.leased === 0, "the connection was not given back");
    check(this.commitsStopped === 0, "a commit was not waited for");
    check(this.open <= this.#size, `${this.open} connections are open`);
    check(this.pool.idle === this.open, `of ${this.open} connections ${this.pool.idle} are kept`);
    // One that is given back before it has been rolled back, or that nobody rolls back, would be missing.
    const left = this.opened - this.rollbacksStopped;
    check(this.open === left, `of ${this.opened} connections ${this.open} are left, not ${left}`);
  }
}

/** Executes `row a`, and what begins and ends transactions. An abandoned statement takes a turn to stop. */
class Session {
  readonly #database: FakeDatabase;
  #rows: string[] | undefined;
  /** For each savepoint, how many rows there were. */
  readonly #savepoints: number[] = [];
  #isBusy: boolean = false;
  /** A statement of this transaction. */
  #wasStopped: boolean = false;
  #isOpen: boolean = true;
  constructor(database: FakeDatabase) {
    this.#database = database;
  }
  get isReady(): boolean {
    return this.#isOpen && !this.#isBusy;
  }
  get isInTransaction(): boolean {
    return this.#rows !== undefined;
  }
  *run({ text }: Sql): Routine<Result> {
    if (!this.#isOpen) this.#database.wrong ??= `${text} on a connection that is closed`;
    if (this.#isBusy) this.#database.wrong ??= `${text} while another statement is executed`;
    this.#isBusy = true;
    let isExecuted = false;
    let isDone = false;
    try {
      yield* this.#database.pause();
      this.#execute(text);
      isExecuted = true;
      yield* this.#database.pause();
      isDone = true;
      return { rows: [], count: 1 };
    } finally {
      // That it has been stopped is waited for; what was executed stays so.
      try {
        if (!isExecuted) yield* this.#database.pause();
      } finally {
        // Unwound by force after that.
        if (!isExecuted && this.#database.isStubborn) yield* this.#database.pause();
        this.#wasStopped ||= !isDone;
        if (!isDone && text.startsWith("ROLLBACK")) this.#database.rollbacksStopped++;
        if (!isExecuted && text === "COMMIT") this.#database.commitsStopped++;
        this.#isBusy = false;
      }
    }
  }
  #execute(text: string): void {
    const rows = this.#rows;
    if (text === "BEGIN") {
      check(rows === undefined, "BEGIN within a transaction");
      this.#rows = [];
      this.#wasStopped = false;
    } else if (rows === undefined) throw new Error(`${text} outside of a transaction`);
    else if (text === "COMMIT") {
      this.#database.stored.push(...rows);
      this.#database.isHalfDone ||= this.#wasStopped;
      this.#rows = undefined;
    } else if (text === "ROLLBACK") this.#rows = undefined;
    else if (text.startsWith("SAVEPOINT")) this.#savepoints.push(rows.length);
    else if (text.startsWith("RELEASE")) this.#savepoints.pop();
    else if (text.startsWith("ROLLBACK TO")) rows.length = this.#savepoints.pop()!;
    else if (text === "refused") throw new StatementError("the database refuses it");
    else rows.push(text);
  }
  destroy(): void {
    if (this.#isOpen) this.#database.open--;
    this.#isOpen = false;
    this.#rows = undefined;
  }
  close = asyncFn(function* (this: Session): Routine<void> {
    yield* yieldNow();
    this.destroy();
  });
}

const row = (name: string): Sql => raw(name);

explored("two transactions take turns, and each is stored as a whole or not at all", function* (style) {
  const database = new FakeDatabase();
  const both = ["a", "b"].map((name) =>
    spawn(
      style.body(function* (): Steps<string> {
        yield* get(
          database.transaction(style, function* (tx) {
            yield* get(tx.execute(row(`${name}1`)));
            yield* get(tx.execute(row(`${name}2`)));
          }),
        );
        return name;
      }),
    ),
  );
  const committed = yield* finish(both);
  for (const name of committed) check(database.stored.includes(`${name}2`), `${name} is not stored`);
  database.check(["a1", "a2"], ["b1", "b2"]);
  yield* get(database.transaction(style, (tx) => inserting(tx, "after")));
  check(database.stored.at(-1) === "after", "nobody can store any more");
  database.check(["a1", "a2"], ["b1", "b2"]);
});

explored("two transactions on two connections never share one, and can go on after that", function* (style) {
  const database = new FakeDatabase(0, 2);
  const storing = (name: string) =>
    database.transaction(style, (tx) => inserting(tx, name)) as Future<unknown>;
  // What is given back is lent again: by both at once.
  for (const names of [
    ["a", "b"],
    ["c", "d"],
  ] as const) {
    yield* finish(
      names.map((name) =>
        spawn(
          style.body(function* (): Steps<void> {
            yield* get(storing(name));
          }),
        ),
      ),
    );
    database.check(["a"], ["b"], ["c"], ["d"]);
  }
});

explored(
  "statements of one transaction take turns, whoever executes them and whoever is gone",
  function* (style) {
    const database = new FakeDatabase();
    const doing = spawn(
      style.body(function* (): Steps<void> {
        yield* get(
          database.transaction(style, function* (tx) {
            const all = ["a1", "a2", "a3"].map((name) => spawn(style.body(() => inserting(tx, name))));
            try {
              for (const each of all) yield* get(each);
            } finally {
              for (const each of all) each.abort();
            }
          }),
        );
      }),
    );
    yield* finish([doing]);
    yield* get(database.transaction(style, (tx) => inserting(tx, "after")));
    check(database.stored.at(-1) === "after", "the next one is not stored");
    database.check(["a1", "a2", "a3"]);
  },
);

explored("a statement that loses a race dooms its transaction, whatever comes after it", function* (style) {
  const database = new FakeDatabase();
  let isDone = false;
  const doing = spawn(
    style.body(function* (): Steps<void> {
      const outcome = yield* get(
        database
          .transaction(style, function* (tx) {
            yield* get(tx.execute(row("a1")));
            isDone = (yield* get(race(yieldNow(), tx.execute(row("a2"))))) === 1;
          })
          .settled(),
      );
      if (outcome.status !== "rejected") return check(isDone, "what it has abandoned counts as done");
      check(outcome.reason instanceof TransactionError, String(outcome.reason));
      check(!database.stored.includes("a1"), `failed, and stored ${database.stored.join()}`);
    }),
  );
  const other = spawn(
    style.body(function* (): Steps<void> {
      yield* get(database.transaction(style, (tx) => inserting(tx, "b")));
    }),
  );
  yield* finish([doing, other]);
  database.check(["a1", "a2"]);
});

explored(
  "a statement of a task that is aborted dooms its transaction, though the body has ended",
  function* (style) {
    const database = new FakeDatabase();
    const aborted: JoinHandle<unknown>[] = [];
    const doing = spawn(
      style.body(function* (): Steps<void> {
        const outcome = yield* get(
          database
            .transaction(style, function* (tx) {
              yield* get(tx.execute(row("a1")));
              const other = spawn(() => tx.execute(row("a2")).settled());
              aborted.push(other);
              yield* get(yieldNow());
              other.abort();
            })
            .settled(),
        );
        const ended = aborted[0] && (yield* get(aborted[0].settled()));
        // It may have been done by then, or not have begun.
        if (outcome.status === "fulfilled")
          check(!database.isHalfDone, `stored, and the other has ${ended?.status}`);
        else check(outcome.reason instanceof TransactionError, String(outcome.reason));
      }),
    );
    yield* finish([doing]);
    yield* get(database.transaction(style, (tx) => inserting(tx, "after")));
    check(database.stored.at(-1) === "after", "the next one is not stored");
  },
);

explored("what fails in a transaction within is rolled back alone", function* (style) {
  const database = new FakeDatabase();
  const doing = spawn(
    style.body(function* (): Steps<void> {
      yield* get(
        database.transaction(style, function* (tx) {
          yield* get(tx.execute(row("a1")));
          const within = tx.transaction(
            style.body(function* (inner: Transaction): Steps<void> {
              yield* get(inner.execute(row("lost")));
              yield* get(inner.execute(row("refused")).settled());
            }) as never,
          );
          const { status } = yield* get(within.settled());
          check(status === "rejected", `it ended as ${status}`);
          yield* get(tx.execute(row("a2")));
        }),
      );
    }),
  );
  yield* finish([doing]);
  check(!database.stored.includes("lost"), "what was rolled back is stored");
  database.check(["a1", "a2"]);
});

// A statement takes two ms: so it is given up in BEGIN, in each statement, in COMMIT, and between them.
for (const ms of [1, 2, 3, 4, 5, 7, 8, 9]) {
  explored(
    `given up after ${ms} ms, it is stored as a whole or not at all, and the next one can begin`,
    function* (style) {
      const database = new FakeDatabase(2);
      const doing = spawn(
        style.body(function* (): Steps<void> {
          const storing = database.transaction(style, function* (tx) {
            yield* get(tx.execute(row("a1")));
            yield* get(tx.execute(row("a2")));
          });
          yield* get(race(sleep(ms), storing));
        }),
      );
      yield* finish([doing]);
      yield* get(database.transaction(style, (tx) => inserting(tx, "after")));
      check(database.stored.at(-1) === "after", "the next one is not stored");
      database.check(["a1", "a2"]);
    },
  );
}

for (const style of styles) {
  test(`a statement that does not stop within the cleanup window dooms its transaction [${style.name}]`, async () => {
    const database = new FakeDatabase(100);
    database.isStubborn = true;
    const body = style.body(function* (): Steps<void> {
      const storing = database.transaction(style, function* (tx) {
        yield* get(tx.execute(row("a1")));
        yield* get(race(sleep(1), tx.execute(row("a2"))));
      });
      const outcome = yield* get(storing.settled());
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(TransactionError) as unknown });
    });
    await paused(body, { cleanupWindow: 10 });
    expect(database.stored).toEqual([]);
    expect(database.pool.leased).toBe(0);
  });
}

function* inserting(tx: Transaction, name: string): Steps<void> {
  yield* get(tx.execute(row(name)));
}
