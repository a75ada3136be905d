/** PostgreSQL as a database. */
import type { ClientConfig } from "pg";
import { asyncFn, type Duration, type Future, type Routine } from "millrace";
import type { Stream } from "millrace/stream";
import type { Driver } from "../connection.ts";
import { Database } from "../database.ts";
import { milliseconds, optionsOf, wholeNumber } from "../options.ts";
import { Pool } from "../pool.ts";
import type { Begin } from "../queries.ts";
import { raw, sql, type Sql } from "../statement.ts";
import { PostgresConnection, type PostgresTarget } from "./connection.ts";
import { listen, type ListenOptions, type Notification } from "./notifications.ts";
import { types } from "./values.ts";

/** How many sessions there are, and how long is waited for them. */
export interface PostgresOptions {
  /** The most sessions at once, those that listen aside. Default 10. */
  readonly connections?: number;
  /** How long to wait for a session to become free, in ms. Default 30 000. */
  readonly acquireTimeout?: Duration;
  /** For one attempt to connect, in ms. Default 10 000. */
  readonly connectTimeout?: Duration;
  /** After how long an idle session is ended, in ms. Default 30 000. */
  readonly idleTimeout?: Duration;
  /** How long an abandoned statement may take to stop before its session is broken off, in ms. Default 2000. */
  readonly stopTimeout?: Duration;
  /** What the server shows of its sessions. Default "millrace". */
  readonly applicationName?: string;
}

/** A PostgreSQL database, as `openPostgres` gives it. */
export class PostgresDatabase extends Database {
  readonly #target: PostgresTarget;

  /** @internal */
  constructor(target: PostgresTarget, driver: Driver, pool: Pool) {
    super(driver, pool);
    this.#target = target;
  }

  /**
   * What is notified on these channels from the moment the future completes, in a session of its own.
   *
   * **Cancel safety.** Abandoned before it completes, nothing stays open. Leaving the stream ends the session.
   *
   * @throws ConnectionError when it cannot connect; the stream throws one when the session breaks, since
   * notifications are then lost
   * @throws LaggedError from the stream, when its reader falls behind by more than `capacity`
   */
  listen(channels: string | readonly string[], options: ListenOptions = {}): Future<Stream<Notification>> {
    const names = typeof channels === "string" ? [channels] : [...channels];
    const isName = (name: unknown): boolean => typeof name === "string" && /^[^\0]+$/.test(name);
    if (names.length === 0 || !names.every(isName)) {
      throw new TypeError(
        `PostgresDatabase.listen expects names of channels, got ${JSON.stringify(channels)}`,
      );
    }
    optionsOf("PostgresDatabase.listen", options);
    return asyncFn(() => listen(this.#target, names, options))();
  }

  /** Tells whoever listens. In a transaction, `notification` is executed there instead. */
  notify(channel: string, payload: string = ""): Future<void> {
    return this.execute(notification(channel, payload)).map(() => {});
  }
}

/** The statement that notifies: in a transaction, it is told when that is committed, and only then. */
export function notification(channel: string, payload: string = ""): Sql {
  return sql`SELECT pg_notify(${channel}, ${payload})`;
}

/**
 * Connects to PostgreSQL through `pg`: a pool of sessions, each used by one at a time. The first is opened at
 * once, so a wrong address or password is known now; later ones when they are needed.
 *
 * Values: an integer comes back as a number where that is exact, else as a bigint; `date` as text; `numeric`
 * as text; `timestamptz` as a `Date`; bytes as `Uint8Array`; JSON parsed; arrays of these as arrays. Arrays are
 * sent as arrays, bytes of any kind as bytes, other objects as JSON.
 *
 * **Cancel safety.** Abandoned while it connects, the socket is closed. A statement that is abandoned is
 * cancelled on the server, and its session is used again when that is certain; if the server does not answer
 * within `stopTimeout`, the session is broken off, which ends it there as soon as the server notices.
 *
 * @param target a URL (`postgres://user:password@host:port/database`) or the settings of `pg`; `{}` means the
 * environment (`PGHOST`, `PGUSER` …)
 * @throws ConnectionError when it cannot connect
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { sql } from "@millrace/sql";
 * import { openPostgres } from "@millrace/sql/postgres";
 *
 * const url = process.env["DATABASE_URL"];
 * if (url !== undefined) {
 *   await main(async () => {
 *     await using database = await openPostgres(url, { connections: 4 });
 *     console.log(await database.query(sql`SELECT version()`));
 *   });
 * }
 * ```
 */
export function openPostgres(
  target: string | ClientConfig,
  options: PostgresOptions = {},
): Future<PostgresDatabase> {
  optionsOf("openPostgres", options);
  const config = typeof target === "string" ? { connectionString: target } : target;
  if (config.connectionString !== undefined) requireUrl(config.connectionString);
  const ms = (name: keyof PostgresOptions, preset: number): number =>
    milliseconds("openPostgres", name, (options[name] as Duration | undefined) ?? preset);
  const size = wholeNumber("openPostgres", "connections", options.connections ?? 10, 1);
  const session: PostgresTarget = {
    config: {
      application_name: options.applicationName ?? "millrace",
      keepAlive: true,
      types,
      ...config,
    },
    name: nameOf(config),
    connectTimeout: ms("connectTimeout", 10_000),
    stopTimeout: ms("stopTimeout", 2000),
  };
  const pool = new Pool(session.name, () => PostgresConnection.open(session), {
    size,
    acquireTimeout: ms("acquireTimeout", 30_000),
    idleTimeout: ms("idleTimeout", 30_000),
  });
  const database = new PostgresDatabase(session, { target: session.name, begin }, pool);
  return asyncFn(function* (): Routine<PostgresDatabase> {
    yield* database.connect();
    return database;
  })();
}

function begin({ isolation, readOnly }: Begin): Sql {
  const modes = [
    isolation === undefined ? "" : ` ISOLATION LEVEL ${isolation.toUpperCase()}`,
    readOnly === undefined ? "" : readOnly ? " READ ONLY" : " READ WRITE",
  ];
  return raw(`BEGIN${modes.join("")}`);
}

function requireUrl(url: string): void {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return;
  // It may be a URL with a typo in it, and have a password.
  throw new TypeError(
    "openPostgres expects a URL that begins with postgres://, or settings; got another text",
  );
}

/** Without user and password. */
function nameOf(config: ClientConfig): string {
  const { connectionString, host = process.env["PGHOST"] ?? "localhost", port, database } = config;
  if (connectionString !== undefined) {
    const url = new URL(connectionString);
    return `postgres://${url.searchParams.get("host") ?? url.host}${url.pathname}`;
  }
  const name = database ?? process.env["PGDATABASE"] ?? "";
  return `postgres://${host}:${port ?? process.env["PGPORT"] ?? 5432}/${name}`;
}
