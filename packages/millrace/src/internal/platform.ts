/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Types of the platform that the library's own declarations mention, as the program has them: from the
 * compiler's `dom` or `webworker`, from `@types/node`, or from another runtime's declarations. A program
 * that has none of those compiles nevertheless, and gets the least that each of them is.
 */

/** @ignore */
export type AbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : BareSignal;

/** @ignore */
export type AbortController = typeof globalThis extends { AbortController: { prototype: infer C } }
  ? C
  : BareController;

/** @ignore */
export type ReadableStream<T = unknown> = typeof globalThis extends { ReadableStream: object }
  ? DeclaredStream<T>
  : BareStream<T>;

/**
 * Node declares it as a value only.
 *
 * @ignore
 */
export type MessagePort = typeof globalThis extends { MessagePort: { prototype: infer P } } ? P : BarePort;

/**
 * What can be moved to another thread. Browsers' declarations name it; others say what a port can post.
 *
 * @ignore
 */
export type Transferable = IsAny<DeclaredTransferable> extends true ? Postable : DeclaredTransferable;
type Postable = MessagePort extends { postMessage(value: never, transfer?: readonly (infer T)[]): void }
  ? T
  : never;

interface BareSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
interface BareController {
  readonly signal: BareSignal;
  abort(reason?: unknown): void;
}
interface BareStream<T> {
  readonly locked: boolean;
  cancel(reason?: unknown): Promise<void>;
  getReader(): {
    read(): Promise<{ done: false; value: T } | { done: true; value: T | undefined }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}
interface BarePort {
  postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void;
  close(): void;
}

// A name that is not declared is `any` where the error is ignored; these comments stay in the declarations.
/** @ts-ignore */
type DeclaredStream<T> = globalThis.ReadableStream<T>;
/** @ts-ignore */
type DeclaredTransferable = globalThis.Transferable;
type IsAny<T> = [0] extends [1 & T] ? true : false;
