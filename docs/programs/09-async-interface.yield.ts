import { repository, sql, type Database } from "@millrace/sql";
import { openSqlite } from "@millrace/sql/sqlite";
import { asyncFn, type Future, fromPromise, main, ready, type Routine } from "millrace";
import * as z from "zod";

const User = z.object({ id: z.number(), name: z.string() });
type User = z.infer<typeof User>;

/** Asynchronous methods give futures: they can be awaited, limited in time, abandoned. */
interface Users {
  find(id: number): Future<User | undefined>;
  save(user: User): Future<void>;
}

class UsersInMemory implements Users {
  readonly #users = new Map<number, User>();
  find(id: number): Future<User | undefined> {
    return ready(this.#users.get(id));
  }
  save(user: User): Future<void> {
    return ready(void this.#users.set(user.id, user));
  }
}

const usersIn = asyncFn(function* (database: Database) {
  yield* database.execute(sql`CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)`);
  return repository(database, { table: "users", id: "id", columns: ["id", "name"], schema: User });
});

/** Which database is a choice of the entry point. */
const openDatabase = asyncFn(function* (url: string | undefined): Routine<Database> {
  if (url === undefined) return yield* openSqlite(":memory:");
  const { openPostgres } = yield* fromPromise(import("@millrace/sql/postgres"));
  return yield* openPostgres(url);
});

/** The program knows the interface only. */
const register = asyncFn(function* (users: Users, user: User) {
  if ((yield* users.find(user.id)) !== undefined) return `${user.id} is taken`;
  yield* users.save(user);
  return `welcome, ${user.name}`;
});

await main(function* () {
  const database = yield* openDatabase(process.env["GUIDE_DATABASE_URL"]);
  try {
    for (const users of [new UsersInMemory(), yield* usersIn(database)]) {
      console.log(yield* register(users, { id: 1, name: "Ada" }));
      console.log(yield* register(users, { id: 1, name: "Bob" }));
    }
  } finally {
    yield* database.close();
  }
});
