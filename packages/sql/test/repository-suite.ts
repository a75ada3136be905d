/** What a repository promises, whatever database is below. */
import { describe, expect } from "vitest";
import { ConstraintError, repository, RowError, sql, type Database } from "@millrace/sql";
import { arktypeSchema, valibotSchema, zodSchema } from "./support/schemas.ts";
import type { Dialect } from "./support/dialect.ts";
import { failure, get, inBothStyles, type Steps, type Style } from "./support/in-both-styles.ts";
import { sharedDatabases } from "./support/shared-databases.ts";
import { allOf, createPeople, people, person, type People } from "./support/people.ts";

export function repositorySuite(dialect: Dialect): void {
  const shared = sharedDatabases(dialect);
  /** A test with a database that has the table of people, and none of its connections in use at the end. */
  const withPeople = (
    name: string,
    steps: (database: Database, people: People, style: Style) => Steps<void>,
  ): void => {
    inBothStyles(name, function* (style) {
      const database = yield* shared(2);
      yield* steps(database, yield* createPeople(database), style);
      expect(database.connections.leased).toBe(0);
    });
  };

  describe(`a repository in ${dialect.name}`, () => {
    withPeople("finds what was saved, and nothing else", function* (_, repo) {
      yield* get(repo.save(person(1, "Ada", 36)));
      expect(yield* get(repo.find(1))).toEqual({ id: 1, name: "Ada", age: 36 });
      expect(yield* get(repo.find(2))).toBeUndefined();
    });

    withPeople("replaces what has the same id", function* (_, repo) {
      yield* get(repo.save(person(1, "Ada", 36)));
      yield* get(repo.save(person(1, "Ada Lovelace", null)));
      expect(yield* allOf(repo)).toEqual([person(1, "Ada Lovelace", null)]);
    });

    withPeople("finds many: those that are there, each once", function* (_, repo) {
      yield* get(repo.saveMany([person(1), person(2), person(3)]));
      const found = yield* get(repo.findMany([3, 1, 3, 99]));
      expect(found.toSorted((a, b) => a.id - b.id)).toEqual([person(1), person(3)]);
      expect(yield* get(repo.findMany([]))).toEqual([]);
    });

    withPeople("deletes, and tells whether there was anything", function* (_, repo) {
      yield* get(repo.save(person(1)));
      expect(yield* get(repo.delete(1))).toBe(true);
      expect(yield* get(repo.delete(1))).toBe(false);
      expect(yield* allOf(repo)).toEqual([]);
    });

    withPeople("saves many or, when one is refused, none", function* (_, repo) {
      yield* get(repo.save(person(1, "before")));
      const error = yield* failure(repo.saveMany([person(1, "after"), person(2), person(3, "bad", -1)]));
      expect(error).toBeInstanceOf(ConstraintError);
      expect(error).toMatchObject({ code: "ERR_SQL_CONSTRAINT", constraint: "check" });
      expect(yield* allOf(repo)).toEqual([person(1, "before")]);
    });

    withPeople("saves the last of several with one id", function* (_, repo) {
      yield* get(repo.saveMany([person(1, "first"), person(2), person(1, "last")]));
      expect(yield* allOf(repo)).toEqual([person(1, "last"), person(2)]);
      yield* get(repo.saveMany([]));
    });

    withPeople("saves more than one statement can carry, all or none", function* (_, repo) {
      const many = Array.from({ length: 25_000 }, (_, i) => person(i + 1));
      const error = yield* failure(repo.saveMany([...many, person(0, "bad", -1)]));
      expect(error).toBeInstanceOf(ConstraintError);
      expect(yield* get(repo.find(1))).toBeUndefined();

      yield* get(repo.saveMany(many));
      expect(yield* get(repo.all().count())).toBe(25_000);
      expect(yield* get(repo.findMany(Array.from({ length: 40_000 }, (_, i) => i)))).toHaveLength(25_000);
    });

    withPeople("streams all in order of their ids, page by page, each once", function* (database, repo) {
      const everyone = Array.from({ length: 25 }, (_, i) => person(i * 2));
      yield* get(repo.saveMany(everyone.toReversed()));
      for (const page of [1, 5, 24, 25, 26]) {
        expect(yield* allOf(people(database, page))).toEqual(everyone);
      }
    });

    withPeople(
      "streams without holding a connection, while others save and delete",
      function* (database, repo) {
        yield* get(repo.saveMany(Array.from({ length: 10 }, (_, i) => person(i * 10))));
        const stream = people(database, 2).all();
        const seen: number[] = [];
        for (;;) {
          const next = yield* get(stream.next());
          if (next.done === true) break;
          seen.push(next.value.id);
          expect(database.connections.leased).toBe(0);
          if (next.value.id === 20) yield* get(repo.saveMany([person(5), person(55)]));
          if (next.value.id === 30) yield* get(repo.delete(80));
        }
        expect(seen).toEqual([0, 10, 20, 30, 40, 50, 55, 60, 70, 90]);
      },
    );

    withPeople("a stream that is left early leaves nothing behind", function* (database, repo) {
      yield* get(repo.saveMany(Array.from({ length: 10 }, (_, i) => person(i))));
      expect(yield* get(people(database, 3).all().take(4).count())).toBe(4);
    });

    withPeople("names the row and the column that are not what the schema says", function* (database) {
      yield* get(database.execute(sql`INSERT INTO people VALUES (1, 'Ada', 1), (2, 'Bob', 2)`));
      const strict = repository(database, {
        table: "people",
        id: "id",
        columns: { id: "id", name: "age" },
        schema: zodSchema,
      });
      const error = yield* failure(strict.all().collect());
      expect(error).toBeInstanceOf(RowError);
      expect(error).toMatchObject({ code: "ERR_SQL_ROW", issues: [{ path: ["name"] }] });
      expect((error as Error).message).toMatch(/^row 1 is not what the schema says: name: /);
    });

    for (const [library, schema] of Object.entries({
      zod: zodSchema,
      valibot: valibotSchema,
      arktype: arktypeSchema,
    })) {
      withPeople(`takes schemas of ${library}`, function* (database) {
        const repo = repository(database, {
          table: "people",
          id: "id",
          columns: { id: "id", name: "full_name" },
          schema,
        });
        yield* get(repo.save({ id: 1, name: "Ada" }));
        expect(yield* get(repo.find(1))).toEqual({ id: 1, name: "Ada" });
        yield* get(database.execute(sql`ALTER TABLE people RENAME COLUMN age TO years`));
        expect(
          yield* failure(database.query(sql`SELECT id, years AS name FROM people`, schema)),
        ).toBeInstanceOf(RowError);
      });
    }

    inBothStyles("refuses bad input at the caller's line", function* () {
      const repo = people(yield* shared(2));
      expect(() => repo.find(undefined as never)).toThrow("Repository.find expects an id");
      expect(() => repo.findMany([null as never])).toThrow("Repository.findMany expects an id");
      expect(() => repo.save({ id: 1, age: 3 } as never)).toThrow("value 2 of");
      expect(() => repo.save({ id: 1, age: 3 } as never)).toThrow("is undefined; null stands for no value");
      const options = { table: "people", id: "id", columns: ["id", "name"], schema: zodSchema } as const;
      expect(() => repository(repo as never, { ...options, table: "" })).toThrow("the name of a table");
      expect(() => repository(repo as never, { ...options, columns: ["name"] })).toThrow(
        'the id "id" among its columns',
      );
      expect(() => repository(repo as never, { ...options, schema: {} as typeof zodSchema })).toThrow(
        "Standard Schema",
      );
      expect(() => repository(repo as never, { ...options, page: 0 })).toThrow(RangeError);
    });
  });
}
