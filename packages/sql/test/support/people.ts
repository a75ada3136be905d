/** The table that most tests use. */
import { repository, sql, type Database, type Queries, type TableRepository } from "@millrace/sql";
import { z } from "zod";
import { get, type Steps } from "./in-both-styles.ts";

export const Person = z.object({ id: z.number(), name: z.string(), age: z.number().nullable() });
export type Person = z.infer<typeof Person>;

export type People = TableRepository<Person, number>;

export function person(id: number, name: string = `person ${id}`, age: number | null = null): Person {
  return { id, name, age };
}

export function people(queries: Queries, page?: number): TableRepository<Person, number> {
  const columns = { id: "id", name: "full_name", age: "age" } as const;
  return repository(queries, {
    table: "people",
    id: "id",
    columns,
    schema: Person,
    ...(page === undefined ? {} : { page }),
  });
}

export function* createPeople(database: Database): Steps<TableRepository<Person, number>> {
  yield* get(database.execute(sql`DROP TABLE IF EXISTS people`));
  yield* get(
    database.execute(sql`
      CREATE TABLE people (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL UNIQUE, age INTEGER CHECK (age >= 0))
    `),
  );
  return people(database);
}

export function* allOf(repository: TableRepository<Person, number>): Steps<Person[]> {
  return yield* get(repository.all().collect());
}
