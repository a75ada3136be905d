/** Turns of the host's event loop. */

const isBrowser = globalThis.setImmediate === undefined;

/** Calls back once the host has looked at its I/O and timers. */
export const nextTurn: (run: () => void) => void = isBrowser
  ? (run) => setTimeout(run)
  : (run) => setImmediate(run);

export function turn(): Promise<void> {
  return new Promise((resolve) => nextTurn(resolve));
}
