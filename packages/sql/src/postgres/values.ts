/** How values of PostgreSQL become values of the program, where the driver's own way loses something. */
import pg from "pg";

const { builtins } = pg.types;

const parsers = new Map<number, (text: string) => unknown>([
  // The driver leaves it a text. An integer is a number where that is exact.
  [builtins.INT8, integer],
  // The driver makes it midnight of the local time zone, which is another day elsewhere.
  [builtins.DATE, (text) => text],
  [builtins.BYTEA, bytes],
]);

/** For `types` of a client. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    (format === "binary" ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format as "text"),
};

function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function bytes(text: string): Uint8Array {
  return text.startsWith("\\x")
    ? new Uint8Array(Buffer.from(text.slice(2), "hex"))
    : new Uint8Array(pg.types.getTypeParser(builtins.BYTEA)(text) as Buffer);
}
