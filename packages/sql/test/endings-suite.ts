/** How transactions may end, and by whom, in every dialect. */
import { describe, expect } from "vitest";
import { raw, repository, sql, TransactionError, type Database, type Transaction } from "@millrace/sql";
import type { Future } from "millrace";
import { z } from "zod";
import { failure, get, inBothStyles, type Steps } from "./support/in-both-styles.ts";

/** `open` gives a database of its own, which may be one in memory. */
export function endingsSuite(name: string, open: () => Future<Database>): void {
  const withTables = (what: string, steps: (database: Database) => Steps<void>): void =>
    inBothStyles(what, function* () {
      const database = yield* get(open());
      yield* get(database.execute(raw("DROP TABLE IF EXISTS kids")));
      yield* get(database.execute(raw("DROP TABLE IF EXISTS parents")));
      yield* get(database.execute(raw("CREATE TABLE parents (id INTEGER PRIMARY KEY)")));
      const parent = "INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED";
      yield* get(database.execute(raw(`CREATE TABLE kids (id INTEGER PRIMARY KEY, parent ${parent})`)));
      yield* get(database.execute(sql`INSERT INTO parents VALUES (1)`));
      yield* steps(database);
      expect(database.connections.leased).toBe(0);
      yield* get(database.close());
    });
  function* counts(database: Database): Steps<unknown> {
    const [row] = yield* get(
      database.query(
        sql`SELECT (SELECT count(*) FROM parents) AS parents, (SELECT count(*) FROM kids) AS kids`,
      ),
    );
    return row;
  }

  describe(`endings in ${name}`, () => {
    withTables("a commit that is refused stores nothing, and costs nothing else", function* (database) {
      const orphan = sql`INSERT INTO kids VALUES (1, 99)`;
      const refused = yield* failure(database.transaction((tx) => tx.execute(orphan)));
      expect(refused).toMatchObject({ constraint: "foreign key" });
      expect(yield* failure(database.execute(orphan))).toMatchObject({ constraint: "foreign key" });
      expect(yield* counts(database)).toEqual({ parents: 1, kids: 0 });
      expect(database.connections.idle).toBe(1);
    });

    withTables("a body that ends the transaction by hand has not committed", function* (database) {
      for (const end of ["ROLLBACK", "COMMIT"]) {
        const body = function* (tx: Transaction) {
          yield* tx.execute(sql`INSERT INTO kids VALUES (${end === "COMMIT" ? 1 : 2}, 1)`);
          yield* tx.execute(raw(end));
        };
        expect(yield* failure(database.transaction(body))).toBeInstanceOf(TransactionError);
      }
      // What it has committed is committed, of course.
      expect(yield* counts(database)).toEqual({ parents: 1, kids: 1 });
    });

    withTables("a statement of its own begins no transaction", function* (database) {
      expect(yield* failure(database.execute(raw("BEGIN")))).toBeInstanceOf(TransactionError);
      yield* get(database.execute(sql`INSERT INTO kids VALUES (1, 1)`));
      expect(yield* counts(database)).toEqual({ parents: 1, kids: 1 });
      expect(database.connections.idle).toBe(1);
    });

    withTables("ids that are the same in the database are the same thing", function* (database) {
      const schema = z.object({ id: z.union([z.number(), z.bigint()]) });
      const parents = repository(database, { table: "parents", id: "id", columns: ["id"], schema });
      yield* get(parents.saveMany([{ id: 7n }, { id: 7 }, { id: 8 }]));
      expect(yield* get(parents.findMany([7, 7n, 8n]))).toHaveLength(2);
      expect(yield* counts(database)).toEqual({ parents: 3, kids: 0 });
      const kids = repository(database, {
        table: "kids",
        id: "id",
        columns: ["id", "parent"],
        schema: z.object({ id: z.union([z.number(), z.bigint()]), parent: z.number() }),
      });
      yield* get(
        kids.saveMany([
          { id: 1n, parent: 1 },
          { id: 1, parent: 7 },
        ]),
      );
      expect(yield* get(kids.find(1))).toEqual({ id: 1, parent: 7 });
    });
  });
}
