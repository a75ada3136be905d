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

/** The driver gives arrays of these as texts, as days of the local time zone, and as numbers that lose digits. */
const elements: readonly (readonly [array: number, parse: (text: string) => unknown])[] = [
  [1001, bytes],
  [1016, integer],
  [1182, (text) => text],
  [1231, (text) => text],
];
/** The driver's types know of no arrays. */
const TEXTS = 1009 as Parameters<typeof pg.types.getTypeParser>[0];
for (const [array, parse] of elements) parsers.set(array, (text) => parsed(textsOf(text), parse));

/** For `types` of a client. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    (format === "binary" ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format as "text"),
};

/** Arrays in arrays, as deep as they are, of texts and nulls. */
function textsOf(text: string): readonly unknown[] {
  return pg.types.getTypeParser(TEXTS)(text) as readonly unknown[];
}

function parsed(array: readonly unknown[], parse: (text: string) => unknown): unknown[] {
  return array.map((each) =>
    Array.isArray(each) ? parsed(each, parse) : each === null ? null : parse(each as string),
  );
}

function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function bytes(text: string): Uint8Array {
  return text.startsWith("\\x")
    ? new Uint8Array(Buffer.from(text.slice(2), "hex"))
    : new Uint8Array(pg.types.getTypeParser(builtins.BYTEA)(text) as Buffer);
}
