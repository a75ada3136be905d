/** What a database promises of statements, transactions and its connections, in every dialect. */
import { describe, expect } from "vitest";
import {
  ClosedError,
  fromPromise,
  join as joinFutures,
  oneshot,
  sleep,
  spawn,
  yieldNow,
  type Future,
} from "millrace";
import {
  ConstraintError,
  PoolError,
  raw,
  sql,
  StatementError,
  TransactionError,
  type Database,
  type Transaction,
} from "@millrace/sql";
import { z } from "zod";
import type { Dialect } from "./support/dialect.ts";
import { failure, get, inBothStyles, type Steps, type Style } from "./support/in-both-styles.ts";
import { sharedDatabases } from "./support/shared-databases.ts";
import { allOf, createPeople, people, person } from "./support/people.ts";

type Context = {
  readonly database: Database;
  readonly repo: ReturnType<typeof people>;
  readonly style: Style;
};

export function databaseSuite(dialect: Dialect): void {
  const shared = sharedDatabases(dialect);
  const withPeople = (name: string, steps: (context: Context) => Steps<void>, connections = 2): void => {
    inBothStyles(name, function* (style) {
      const database = yield* shared(connections);
      yield* steps({ database, repo: yield* createPeople(database), style });
      yield* untilAllAreBack(database);
    });
  };

  describe(`statements in ${dialect.name}`, () => {
    withPeople("values of every kind come back as they went", function* ({ database }) {
      const { bytes, boolean, time, json } = dialect.types;
      yield* get(database.execute(sql`DROP TABLE IF EXISTS kinds`));
      const columns = `n BIGINT, x DOUBLE PRECISION, s TEXT, b ${bytes}, f ${boolean}, t ${time}, j ${json}, z TEXT`;
      yield* get(database.execute(raw(`CREATE TABLE kinds (${columns})`)));
      const at = new Date("2026-11-28T12:00:00.123Z");
      const put = [
        9_007_199_254_740_993n,
        0.1,
        'O\'Brien \u{1F41F} "x" $1 ?',
        new Uint8Array([0, 255, 7]),
        true,
        at,
        { a: [1] },
        null,
      ];
      expect(
        yield* get(
          database.execute(
            sql`INSERT INTO kinds VALUES (${put[0]}, ${put[1]}, ${put[2]}, ${put[3]}, ${put[4]}, ${put[5]}, ${put[6]}, ${put[7]})`,
          ),
        ),
      ).toBe(1);
      const schema = z.object({
        n: z.bigint(),
        x: z.number(),
        s: z.string(),
        b: z.instanceof(Uint8Array),
        f: z.union([z.boolean(), z.literal([0, 1]).transform(Boolean)]),
        t: z.coerce.date(),
        j: z.preprocess((json) => (typeof json === "string" ? JSON.parse(json) : json), z.unknown()),
        z: z.null(),
      });
      const [row] = yield* get(database.query(sql`SELECT * FROM kinds`, schema));
      expect(Object.values(row!)).toEqual(put);
      yield* get(database.execute(sql`UPDATE kinds SET n = ${42n}`));
      expect(yield* get(database.query(sql`SELECT n FROM kinds`))).toEqual([{ n: 42 }]);
    });

    withPeople(
      "a statement tells how many rows it changed, and may give some",
      function* ({ database, repo }) {
        yield* get(repo.saveMany([person(1), person(2), person(3)]));
        expect(yield* get(database.execute(sql`UPDATE people SET age = 1 WHERE id > 1`))).toBe(2);
        const inserted = database.query(sql`INSERT INTO people VALUES (4, 'Dan', 4) RETURNING id`);
        expect(yield* get(inserted)).toEqual([{ id: 4 }]);
      },
    );

    withPeople("what is refused says why, and with which statement", function* ({ database, repo }) {
      const typo = yield* failure(database.query(sql`SELEKT ${1}`));
      expect(typo).toBeInstanceOf(StatementError);
      expect(typo).toMatchObject({
        code: "ERR_SQL_STATEMENT",
        name: "StatementError",
        cause: expect.any(Error),
      });
      expect((typo as StatementError).statement).toMatch(/^SELEKT/);

      yield* get(repo.save(person(1, "Ada")));
      const twice = yield* failure(database.execute(sql`INSERT INTO people VALUES (2, 'Ada', 1)`));
      expect(twice).toBeInstanceOf(ConstraintError);
      expect(twice).toMatchObject({ constraint: "unique" });
      const missing = yield* failure(database.execute(sql`INSERT INTO people VALUES (2, NULL, 1)`));
      expect(missing).toMatchObject({ constraint: "not null" });
      // And the connection goes on.
      expect(yield* get(repo.find(1))).toEqual(person(1, "Ada"));
    });

    withPeople("several statements in one are refused, none of them happens", function* ({ database, repo }) {
      const two = sql`INSERT INTO people VALUES (1, 'Ada', 1); INSERT INTO people VALUES (2, 'Bob', 2)`;
      expect(yield* failure(database.execute(two))).toBeInstanceOf(StatementError);
      expect(yield* allOf(repo)).toEqual([]);
    });

    withPeople("bad input is refused at the caller's line", function* ({ database }) {
      expect(() => database.query("SELECT 1" as never)).toThrow(
        'Database.query expects a statement made with sql`…`, got the string "SELECT 1"',
      );
      expect(() => database.execute(sql`DELETE FROM people WHERE id = ${undefined}`)).toThrow("value 1 of");
      expect(() => database.query(sql`SELECT 1`, {} as never)).toThrow("Standard Schema");
      expect(() => database.transaction(undefined as never)).toThrow("expects a function");
      expect(() => database.transaction(() => {}, null as never)).toThrow(
        "Database.transaction expects options to be an object, got null",
      );
      expect(() => database.query(sql`SELECT 1`, undefined, null as never)).toThrow(
        "Database.query expects options to be an object, got null",
      );
      const isolation = "serializable; DELETE FROM people" as never;
      expect(() => database.transaction(function* () {}, { isolation })).toThrow(
        'expects isolation to be one of read committed, repeatable read, serializable, got "serializable; DELETE',
      );
      yield* get(
        database.transaction(function* (tx: Transaction) {
          expect(() => tx.transaction(undefined as never)).toThrow("expects a function");
        }),
      );
    });
  });

  describe(`transactions in ${dialect.name}`, () => {
    withPeople("what it did is there when its body has returned", function* ({ database, repo, style }) {
      const result = yield* get(
        database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(1)));
            expect(yield* get(repo.in(tx).find(1))).toEqual(person(1));
            return "done";
          }),
        ),
      );
      expect(result).toBe("done");
      expect(yield* allOf(repo)).toEqual([person(1)]);
    });

    withPeople(
      "nothing is there when its body has thrown, and the error is its own",
      function* ({ database, repo, style }) {
        const error = new Error("no");
        const transaction = database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(1)));
            throw error;
          }),
        );
        expect(yield* failure(transaction)).toBe(error);
        expect(yield* allOf(repo)).toEqual([]);
        expect(database.connections).toEqual({ leased: 0, idle: expect.any(Number) });
      },
    );

    withPeople("one within it is rolled back alone", function* ({ database, repo, style }) {
      yield* get(
        database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(1)));
            const inner = tx.transaction(
              style.body(function* (savepoint: Transaction) {
                yield* get(repo.in(savepoint).save(person(2)));
                yield* get(repo.in(savepoint).save(person(3, "bad", -1)));
              }),
            );
            expect(yield* failure(inner)).toBeInstanceOf(ConstraintError);
            yield* get(
              tx.transaction(
                style.body(function* (savepoint: Transaction) {
                  yield* get(repo.in(savepoint).save(person(4)));
                }),
              ),
            );
          }),
        ),
      );
      expect(yield* allOf(repo)).toEqual([person(1), person(4)]);
    });

    withPeople(
      "after a failed statement it can only be rolled back, also when the failure is caught",
      function* ({ database, repo, style }) {
        const transaction = database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(1)));
            yield* failure(repo.in(tx).save(person(2, "bad", -1)));
            const next = yield* failure(repo.in(tx).save(person(3)));
            expect(next).toBeInstanceOf(TransactionError);
            expect((next as Error).cause).toBeInstanceOf(ConstraintError);
          }),
        );
        const error = yield* failure(transaction);
        expect(error).toBeInstanceOf(TransactionError);
        expect(error).toMatchObject({ code: "ERR_SQL_TRANSACTION", cause: { constraint: "check" } });
        expect(yield* allOf(repo)).toEqual([]);
      },
    );

    withPeople(
      "it cannot be used after its end, nor beside one that is open within it",
      function* ({ database, style }) {
        let kept: Transaction | undefined;
        yield* get(
          database.transaction(
            style.body(function* (tx: Transaction) {
              kept = tx;
              const inner = tx.transaction(
                style.body(function* () {
                  const error = yield* failure(tx.execute(sql`DELETE FROM people`));
                  expect((error as Error).message).toContain("a transaction is open within this one");
                }),
              );
              yield* get(inner);
              yield* get(tx.execute(sql`DELETE FROM people`));
            }),
          ),
        );
        const late = yield* failure(kept!.execute(sql`DELETE FROM people`));
        expect(late).toBeInstanceOf(TransactionError);
        expect((late as Error).message).toBe("the transaction has ended");
      },
    );

    withPeople("statements of several tasks take turns in it", function* ({ database, repo, style }) {
      yield* get(
        database.transaction(
          style.body(function* (tx: Transaction) {
            const saving = [1, 2, 3, 4].map((id) => repo.in(tx).save(person(id)));
            yield* get(joinFutures(...saving));
          }),
        ),
      );
      expect(yield* allOf(repo)).toEqual([1, 2, 3, 4].map((id) => person(id)));
    });

    withPeople("a time limit rolls it back", function* ({ database, repo, style }) {
      const transaction = database.transaction(
        style.body(function* (tx: Transaction) {
          yield* get(repo.in(tx).save(person(1)));
          yield* get(tx.query(dialect.endless));
        }),
        { timeout: 50 },
      );
      expect(yield* failure(transaction)).toMatchObject({ name: "TimeoutError" });
      expect(yield* allOf(repo)).toEqual([]);
    });
  });

  describe(`what is abandoned in ${dialect.name}`, () => {
    withPeople("before it began, does nothing", function* ({ database, repo, style }) {
      repo.save(person(1)).drop();
      database
        .transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(2)));
          }),
        )
        .drop();
      repo.all().next().drop();
      const task = spawn(() => repo.save(person(3)));
      task.abort();
      yield* cancelled(task);
      expect(yield* allOf(repo)).toEqual([]);
    });

    withPeople(
      "while it waits for a connection, gives up its place and nothing else",
      function* ({ database, repo, style }) {
        const [open, opened] = oneshot.channel<null>();
        const [enter, entered] = oneshot.channel<null>();
        const holder = spawn(() =>
          database.transaction(
            style.body(function* (tx: Transaction) {
              enter.send(null);
              yield* get(opened);
              yield* get(repo.in(tx).save(person(1)));
            }),
          ),
        );
        yield* get(entered);
        const waiting = spawn(() => repo.save(person(2)));
        const behind = spawn(() => repo.save(person(3)));
        yield* get(yieldNow());
        waiting.abort();
        open.send(null);
        yield* get(holder);
        yield* get(behind);
        yield* cancelled(waiting);
        expect(yield* allOf(repo)).toEqual([person(1), person(3)]);
      },
      1,
    );

    withPeople(
      "while its statement is executed, is stopped in the database, and the connection goes on",
      function* ({ database, repo }) {
        const before = database.connections.idle;
        const task = spawn(() => database.query(dialect.endless));
        yield* untilExecuting(dialect, database, true);
        task.abort();
        yield* cancelled(task);
        yield* untilExecuting(dialect, database, false);
        yield* get(repo.save(person(1)));
        expect(yield* allOf(repo)).toEqual([person(1)]);
        expect(database.connections.idle).toBeGreaterThanOrEqual(before);
      },
      1,
    );

    withPeople(
      "in the middle of a transaction, is rolled back before its task has ended",
      function* ({ database, repo, style }) {
        const [enter, entered] = oneshot.channel<null>();
        const task = spawn(() =>
          database.transaction(
            style.body(function* (tx: Transaction) {
              yield* get(repo.in(tx).save(person(1)));
              enter.send(null);
              yield* get(tx.query(dialect.endless));
            }),
          ),
        );
        yield* get(entered);
        yield* untilExecuting(dialect, database, true);
        task.abort();
        yield* cancelled(task);
        expect(database.connections.leased).toBe(0);
        yield* untilExecuting(dialect, database, false);
        expect(yield* allOf(repo)).toEqual([]);
      },
      1,
    );

    withPeople(
      "a statement that lost a race in a transaction makes that one roll back",
      function* ({ database, repo, style }) {
        const transaction = database.transaction(
          style.body(function* (tx: Transaction) {
            yield* get(repo.in(tx).save(person(1)));
            const slow = tx.query(dialect.endless).timeout(30);
            expect(yield* failure(slow)).toMatchObject({ name: "TimeoutError" });
          }),
        );
        expect(yield* failure(transaction)).toBeInstanceOf(TransactionError);
        expect(yield* allOf(repo)).toEqual([]);
      },
      1,
    );

    withPeople(
      "in one within it, leaves the one around it whole",
      function* ({ database, repo, style }) {
        yield* get(
          database.transaction(
            style.body(function* (tx: Transaction) {
              yield* get(repo.in(tx).save(person(1)));
              const inner = tx.transaction(
                style.body(function* (savepoint: Transaction) {
                  yield* get(repo.in(savepoint).save(person(2)));
                  yield* get(savepoint.query(dialect.endless));
                }),
                { timeout: 30 },
              );
              expect(yield* failure(inner)).toMatchObject({ name: "TimeoutError" });
              yield* get(repo.in(tx).save(person(3)));
            }),
          ),
        );
        expect(yield* allOf(repo)).toEqual([person(1), person(3)]);
      },
      1,
    );

    withPeople(
      "at any moment of it: the transaction happened as a whole, or not at all",
      function* ({ database, repo, style }) {
        const storing = () =>
          spawn(() =>
            database.transaction(
              style.body(function* (tx: Transaction) {
                yield* get(repo.in(tx).save(person(1)));
                yield* get(repo.in(tx).save(person(2)));
              }),
            ),
          );
        // As long as one takes, so that the moments are spread over the whole of it.
        let turns = 0;
        for (const whole = storing(); !whole.isFinished; turns++) yield* get(yieldNow());
        for (let moment = 0; moment < 40; moment++) {
          yield* get(database.execute(sql`DELETE FROM people`));
          const task = storing();
          for (let turn = 0; turn < (turns * moment) / 35; turn++) yield* get(yieldNow());
          task.abort();
          const outcome = yield* get(task.settled());
          expect(database.connections.leased).toBe(0);
          const stored = (yield* allOf(repo)).length;
          if (outcome.status === "fulfilled") expect(stored).toBe(2);
          else expect([0, 2]).toContain(stored);
        }
      },
      1,
    );
  });

  describe(`the connections to ${dialect.name}`, () => {
    inBothStyles(
      "when all are in use for too long, whoever waits is told so, and nobody else is harmed",
      function* (style) {
        const database = yield* get(dialect.open({ connections: 1, acquireTimeout: 30 }));
        const repo = yield* createPeople(database);
        yield* get(
          database.transaction(
            style.body(function* (tx: Transaction) {
              const error = yield* failure(repo.save(person(1)));
              expect(error).toBeInstanceOf(PoolError);
              expect(error).toMatchObject({ code: "ERR_SQL_POOL" });
              expect((error as Error).message).toContain("within 30 ms: 1 of 1 are in use");
              yield* get(repo.in(tx).save(person(2)));
            }),
          ),
        );
        yield* get(repo.save(person(3)));
        expect(yield* allOf(repo)).toEqual([person(2), person(3)]);
        yield* get(database.close());
      },
    );

    inBothStyles("closing lets what was begun finish, and refuses the rest", function* (style) {
      const database = yield* get(dialect.open({ connections: 2 }));
      const repo = yield* createPeople(database);
      const [enter, entered] = oneshot.channel<null>();
      const [open, opened] = oneshot.channel<null>();
      const running = spawn(() =>
        database.transaction(
          style.body(function* (tx: Transaction) {
            enter.send(null);
            yield* get(opened);
            yield* get(repo.in(tx).save(person(1)));
          }),
        ),
      );
      yield* get(entered);
      const closing = spawn(() => database.close());
      yield* get(yieldNow());
      expect(yield* failure(repo.save(person(2)))).toBeInstanceOf(ClosedError);
      open.send(null);
      yield* get(running);
      yield* get(closing);
      expect(database.connections).toEqual({ leased: 0, idle: 0 });
      yield* get(database.close());

      const again = yield* get(dialect.open());
      expect(yield* allOf(people(again))).toEqual([person(1)]);
      yield* get(again.close());
    });
  });
}

function* cancelled(task: Future<unknown>): Steps<void> {
  expect(yield* get(task.settled())).toMatchObject({ status: "cancelled" });
}

/** What a time limit has ended cleans up by itself. */
function* untilAllAreBack(database: Database): Steps<void> {
  while (database.connections.leased > 0) yield* get(sleep(1));
}

/** Until the database itself says so. */
function* untilExecuting(dialect: Dialect, database: Database, isExecuting: boolean): Steps<void> {
  for (;;) {
    const state = yield* get(fromPromise(dialect.isExecuting(database)));
    if (state === isExecuting) return;
    yield* get(sleep(5));
  }
}
