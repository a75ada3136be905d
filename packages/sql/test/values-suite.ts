/** Which values can be stored, and which are refused rather than stored as something else, in every dialect. */
import { describe, expect } from "vitest";
import { StatementError, raw, sql, type Database } from "@millrace/sql";
import type { Dialect } from "./support/dialect.ts";
import { failure, get, inBothStyles, type Steps } from "./support/in-both-styles.ts";
import { sharedDatabases } from "./support/shared-databases.ts";

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

export function valuesSuite(dialect: Dialect): void {
  const shared = sharedDatabases(dialect);
  const { bytes, json } = dialect.types;

  /** A row of one column with this value. */
  function* stored(database: Database, type: string, value: unknown): Steps<unknown> {
    yield* get(database.execute(sql`DROP TABLE IF EXISTS one`));
    yield* get(database.execute(raw(`CREATE TABLE one (v ${type})`)));
    yield* get(database.execute(sql`INSERT INTO one VALUES (${value})`));
    const [row] = yield* get(database.query(sql`SELECT v FROM one`));
    return row!["v"];
  }

  describe(`values in ${dialect.name}`, () => {
    inBothStyles("bytes of every kind are bytes: those that are seen", function* () {
      const database = yield* shared(2);
      const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
      const given = [
        buffer,
        new DataView(buffer, 1, 2),
        new Uint8Array(buffer, 6),
        new Uint16Array(buffer, 2, 1),
      ];
      const seen = [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [1, 2],
        [6, 7],
        [2, 3],
      ];
      for (const [i, value] of given.entries())
        expect(yield* stored(database, bytes, value)).toEqual(new Uint8Array(seen[i]!));
    });

    inBothStyles("a whole number is one in a column of text, too", function* () {
      const database = yield* shared(2);
      expect(yield* stored(database, "TEXT", 5)).toBe("5");
      expect(yield* stored(database, "TEXT", -(2 ** 53 - 1))).toBe("-9007199254740991");
      expect(yield* stored(database, "DOUBLE PRECISION", 5)).toBe(5);
      expect(yield* stored(database, "DOUBLE PRECISION", 0.5)).toBe(0.5);
    });

    inBothStyles("a query gives the columns that its table has now", function* () {
      const database = yield* shared(2);
      const all = sql`SELECT * FROM changing`;
      yield* get(database.execute(sql`DROP TABLE IF EXISTS changing`));
      yield* get(database.execute(sql`CREATE TABLE changing (id INTEGER, a TEXT, b TEXT)`));
      yield* get(database.execute(sql`INSERT INTO changing VALUES (1, 'A', 'B')`));
      for (const options of [{}, { readOnly: true }])
        expect(yield* get(database.query(all, undefined, options))).toEqual([{ id: 1, a: "A", b: "B" }]);
      yield* get(database.execute(sql`ALTER TABLE changing ADD COLUMN c TEXT DEFAULT 'C'`));
      yield* get(database.execute(sql`ALTER TABLE changing DROP COLUMN a`));
      for (const options of [{}, { readOnly: true }])
        expect(yield* get(database.query(all, undefined, options))).toEqual([{ id: 1, b: "B", c: "C" }]);
    });

    inBothStyles("what cannot be stored is refused at the caller's line", function* () {
      const database = yield* shared(2);
      const insert = (value: unknown) => () => database.execute(sql`INSERT INTO one VALUES (${value})`);
      expect(insert(() => 1)).toThrow("is a function, which cannot be stored");
      expect(insert(Symbol("s"))).toThrow("is a symbol, which cannot be stored");
      expect(insert(new Date(Number.NaN))).toThrow("is an invalid date");
      expect(insert(undefined)).toThrow("is undefined; null stands for no value");
    });

    inBothStyles("what JSON cannot hold is a failure of the statement, which is not sent", function* () {
      const database = yield* shared(2);
      for (const value of [cyclic, { n: 1n }, { toJSON: () => undefined }, [cyclic]]) {
        const refused = yield* failure(database.query(sql`SELECT CAST(${value} AS ${raw(json)}) AS v`));
        expect(refused).toBeInstanceOf(StatementError);
        expect(refused).toMatchObject({ message: expect.stringContaining("cannot be stored as JSON") });
      }
      expect(yield* get(database.query(sql`SELECT 1 AS one`))).toEqual([{ one: 1 }]);
    });
  });
}
