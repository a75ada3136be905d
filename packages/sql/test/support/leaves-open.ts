/** Opens the database that it is given, asks it something, and ends. */
import { main } from "millrace";
import { sql } from "@millrace/sql";
import { openPostgres } from "@millrace/sql/postgres";
import { openSqlite } from "@millrace/sql/sqlite";

const target = process.argv[2] ?? "";

await main(function* () {
  const database = target.startsWith("postgres:") ? yield* openPostgres(target) : yield* openSqlite(target);
  const [row] = yield* database.query(sql`SELECT 1 AS one`);
  console.log(row?.["one"]);
});
