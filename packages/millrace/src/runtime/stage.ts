/** Where the program runs: set on the threads of a pool, on which its `main` does nothing. */
import type { Kernel } from "./kernel.ts";

export const stage: {
  isPoolThread: boolean;
  /** Of each `main` under way. */
  readonly mains: Set<Kernel>;
} = { isPoolThread: false, mains: new Set() };
