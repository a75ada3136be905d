/**
 * The one place that touches the platform: time, microtasks, macrotasks, timers, randomness, async
 * context, signals and the end of the process. Everything above asks here, so that a paused clock or
 * an explorer has one thing to replace.
 */

/** Restores the `AsyncLocalStorage` context in which it was captured. */
export interface AsyncContext {
  runInAsyncScope<A>(run: (argument: A) => void, thisArg: undefined, argument: A): void;
}

/** The part of `AsyncLocalStorage` that the runtime needs. */
export interface ContextStore<T> {
  getStore(): T | undefined;
  run<R>(value: T, body: () => R): R;
  /** Sets the value until the surrounding scope of an `AsyncContext` ends. */
  enterWith(value: T): void;
}

interface AsyncHooks {
  AsyncLocalStorage: new <T>() => ContextStore<T>;
  AsyncResource: new (type: string, triggerAsyncId: number) => AsyncContext;
}

/** The part of Node's `process` that the runtime needs; Bun and Deno have it too, browsers do not. */
export interface HostProcess {
  exitCode?: number | string | null | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  exit(code?: number): never;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  getBuiltinModule?(name: string): unknown;
}

export const hostProcess: HostProcess | undefined = (globalThis as { process?: unknown }).process as
  | HostProcess
  | undefined;
const asyncHooks = hostProcess?.getBuiltinModule?.("node:async_hooks") as AsyncHooks | undefined;
/** Read once: the module is an object whose properties are slow to read. */
const AsyncResource = asyncHooks?.AsyncResource;

/** For `async_hooks`: what made the resource is not known. Said outright it need not be looked up. */
const UNKNOWN_TRIGGER = 0;

/**
 * Captures the caller's async context; `undefined` where the platform has none. Naming the trigger as a
 * number halves the cost of it (the spawn rows of the bench).
 */
export function captureContext(): AsyncContext | undefined {
  if (AsyncResource === undefined) return undefined;
  if (--untilRenewal === 0) loaded!.runInAsyncScope(renewSpecimen, undefined, AsyncResource);
  return new AsyncResource("millrace", UNKNOWN_TRIGGER);
}

/**
 * As `pin` does for our own classes: one live context, with something in it, keeps the hidden classes, and
 * so the compiled code, of all (the spawn and channel rows of the bench). Those of what is made first do
 * not last, so it is renewed when the number of captures has doubled. It is captured in the context in
 * which the library was loaded, so that it keeps nothing of later tasks alive.
 */
const specimen: { context: AsyncContext | undefined } = { context: undefined };
let untilRenewal = 1;
let renewals = 0;
const loaded = AsyncResource && new AsyncResource("millrace", UNKNOWN_TRIGGER);
const filler = asyncHooks && new asyncHooks.AsyncLocalStorage<object>();
function renewSpecimen(Resource: AsyncHooks["AsyncResource"]): void {
  untilRenewal = 2 ** Math.min(renewals++, 30);
  specimen.context = filler!.run(specimen, () => new Resource("millrace", UNKNOWN_TRIGGER));
}

/** A store that follows promises, or `undefined` where the platform has none (browsers). */
export function contextStore<T>(): ContextStore<T> | undefined {
  return asyncHooks === undefined ? undefined : new asyncHooks.AsyncLocalStorage<T>();
}

type Immediate = (run: () => void) => void;
const immediate = (globalThis as { setImmediate?: Immediate }).setImmediate;

export interface Host {
  /** Monotonic milliseconds. */
  now(): number;
  microtask(run: () => void): void;
  /** Runs after the host has looked at its I/O and timers. */
  macrotask(run: () => void): void;
  timer(delay: number, run: () => void): unknown;
  clearTimer(handle: unknown): void;
  seed(): number;
  report(...lines: unknown[]): void;
}

/** Delays past this overflow the host's timer; a longer wait is armed in pieces. */
export const MAX_HOST_DELAY = 0x7fffffff;

const clock = performance;
const settled = Promise.resolve();

export const host: Host = {
  now: () => clock.now(),
  // Node's queueMicrotask makes a resource for `async_hooks` each time, which costs three times as much.
  microtask: (run) => void settled.then(run),
  macrotask: immediate ?? messageMacrotask(),
  timer: (delay, run) => setTimeout(run, delay),
  clearTimer: (handle) => clearTimeout(handle as number),
  seed: () => (Math.random() * 0x1_0000_0000) >>> 0,
  report: (...lines) => console.error(...lines),
};

/** Browsers have no `setImmediate`; a message to oneself is the nearest thing that is not clamped. */
function messageMacrotask(): Immediate {
  let channel: MessageChannel | undefined;
  let waiting: (() => void)[] = [];
  return (run) => {
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => {
        const batch = waiting;
        waiting = [];
        for (const job of batch) job();
      };
    }
    waiting.push(run);
    if (waiting.length === 1) channel.port2.postMessage(0);
  };
}
