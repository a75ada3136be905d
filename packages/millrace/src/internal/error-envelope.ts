/**
 * An error as a plain object, so that it survives where structured clone would drop its class, `code` and
 * properties of its own: between threads.
 *
 * The names of its classes travel along, the most derived first. The other side rebuilds the first that it
 * knows: the language's, this library's, or one that `findClass` finds. The message, the stack, `cause` and
 * all enumerable properties travel as they are, what cannot be cloned among them in words.
 */
import * as errors from "../errors.ts";

export interface ErrorEnvelope {
  readonly classes: readonly string[];
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  /** A thrown value that is no error. */
  readonly thrown?: unknown;
  readonly isValue?: boolean;
}

const MAX_CAUSES = 8;

type ErrorClass = abstract new (...args: never[]) => Error;
const known = new Map<string, ErrorClass>(
  [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
    ...(Object.values(errors) as unknown as ErrorClass[]),
  ].map((type) => [type.name, type as ErrorClass]),
);

/** Whether this library or the language has a class of that name. */
export function isKnownClass(name: string): boolean {
  return known.has(name);
}

/** Any thrown value. */
export function packError(error: unknown, depth: number = 0): ErrorEnvelope {
  if (!(error instanceof Error)) {
    return {
      classes: [],
      name: "",
      message: "",
      stack: undefined,
      properties: {},
      thrown: sendable(error, depth),
      isValue: true,
    };
  }
  const classes: string[] = [];
  for (let proto: unknown = Object.getPrototypeOf(error); proto !== null && proto !== Object.prototype;) {
    const { constructor } = proto as object;
    if (typeof constructor === "function") classes.push(constructor.name);
    proto = Object.getPrototypeOf(proto);
  }
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (key === "stack" || key === "message" || key === "name") continue;
    properties[key] = sendable((error as unknown as Record<string, unknown>)[key], depth);
  }
  // Not enumerable, but theirs.
  for (const key of ["cause", "errors"]) {
    if (Object.hasOwn(error, key)) {
      properties[key] = sendable((error as unknown as Record<string, unknown>)[key], depth);
    }
  }
  const { name, message, stack } = error;
  return { classes, name: String(name), message: String(message), stack, properties };
}

/** What of a property can travel. */
function sendable(value: unknown, depth: number): unknown {
  if (value instanceof Error) {
    return depth >= MAX_CAUSES ? String(value) : { [NESTED]: packError(value, depth + 1) };
  }
  if (Array.isArray(value)) return value.map((each) => sendable(each, depth));
  if (typeof value !== "object" || value === null) {
    return typeof value === "function" || typeof value === "symbol" ? String(value) : value;
  }
  try {
    return structuredClone(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

const NESTED = "millrace:error";

function received(value: unknown, findClass: FindClass | undefined): unknown {
  if (Array.isArray(value)) return value.map((each) => received(each, findClass));
  if (typeof value !== "object" || value === null) return value;
  const nested = (value as { [NESTED]?: ErrorEnvelope })[NESTED];
  return nested === undefined ? value : unpackError(nested, findClass);
}

export type FindClass = (name: string) => ErrorClass | undefined;

/** The error again. What was thrown and is no error comes back as it was. */
export function unpackError(envelope: ErrorEnvelope, findClass?: FindClass): unknown {
  if (envelope.isValue === true) return received(envelope.thrown, findClass);
  const { classes, name, message, stack, properties } = envelope;
  const error =
    classes[0] === "DOMException" ? new DOMException(message, name) : rebuilt(classes, message, findClass);
  if (stack !== undefined) define(error, "stack", stack);
  for (const [key, value] of Object.entries(properties)) {
    const isOfError = key === "cause" || key === "errors";
    define(error, key, received(value, findClass), !isOfError);
  }
  if (error.name !== name) define(error, "name", name);
  return error;
}

function rebuilt(classes: readonly string[], message: string, findClass: FindClass | undefined): Error {
  for (const name of classes) {
    const type = findClass?.(name) ?? known.get(name);
    if (type === undefined) continue;
    // Without its constructor, whose arguments nobody knows; its properties follow.
    const error = new Error(message);
    Object.setPrototypeOf(error, type.prototype as object);
    return error;
  }
  return new Error(message);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}
