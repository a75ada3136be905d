/** Results of operations that do not wait. */

/** Values that can travel: `undefined` cannot, because `undefined` from `recv()` means "closed and drained". */
export type Message = {} | null;

/** Result of an operation that does not wait. */
export type Try<T, Why extends string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Why };

export const OK: { readonly ok: true; readonly value: void } = Object.freeze({ ok: true, value: undefined });

export function refused<Why extends string>(reason: Why): { readonly ok: false; readonly reason: Why } {
  return { ok: false, reason };
}

/** @throws TypeError at the caller's line for a message that cannot travel. */
export function checkMessage(caller: string, value: unknown): void {
  if (value === undefined) {
    throw new TypeError(
      `${caller} expects a message other than undefined, which stands for the end of a channel; send null instead`,
    );
  }
}
