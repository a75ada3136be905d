/** What the shared suite has to know of a database, besides what every one of them promises. */
import type { Future } from "millrace";
import type { Database, Sql } from "@millrace/sql";

export interface Dialect {
  readonly name: string;
  /** A new, empty database with a pool of so many connections; the same one when it is opened again. */
  open(options?: { readonly connections?: number; readonly acquireTimeout?: number }): Future<Database>;
  /** Whether it has as many connections as are asked for. */
  readonly hasPool: boolean;
  /** Types of columns. */
  readonly types: {
    readonly bytes: string;
    readonly boolean: string;
    readonly time: string;
    readonly json: string;
  };
  /** Runs for far longer than any test, unless it is stopped, and gives rows all the time. */
  readonly endless: Sql;
  /** Whether a statement is being executed in the database right now, as the database itself sees it. */
  readonly isExecuting: (database: Database) => Promise<boolean>;
}
