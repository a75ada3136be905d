/**
 * Keeps the hidden classes of short-lived objects alive, as `internal/pin.ts` of the core does: the engine
 * drops the hidden class of objects of which none is alive at a major garbage collection, and with it the
 * compiled code that depends on it (the client rows of `bench:http`).
 */
const pinned: unknown[] = [];

export function pin(...instances: readonly unknown[]): void {
  pinned.push(...instances);
}
