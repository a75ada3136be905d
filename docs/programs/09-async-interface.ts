import { repository, sql, type Database } from "@millrace/sql";
import { openSqlite } from "@millrace/sql/sqlite";
import { type Future, main, ready } from "millrace";
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

async function usersIn(database: Database): Promise<Users> {
  await database.execute(sql`CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)`);
  return repository(database, { table: "users", id: "id", columns: ["id", "name"], schema: User });
}

/** Which database is a choice of the entry point. */
async function openDatabase(url: string | undefined): Promise<Database> {
  if (url === undefined) return await openSqlite(":memory:");
  const { openPostgres } = await import("@millrace/sql/postgres");
  return await openPostgres(url);
}

/** The program knows the interface only. */
async function register(users: Users, user: User): Promise<string> {
  if ((await users.find(user.id)) !== undefined) return `${user.id} is taken`;
  await users.save(user);
  return `welcome, ${user.name}`;
}

await main(async () => {
  await using database = await openDatabase(process.env["GUIDE_DATABASE_URL"]);
  for (const users of [new UsersInMemory(), await usersIn(database)]) {
    console.log(await register(users, { id: 1, name: "Ada" }));
    console.log(await register(users, { id: 1, name: "Bob" }));
  }
});
