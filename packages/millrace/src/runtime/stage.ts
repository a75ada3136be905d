/** Where the program runs: set on the threads of a pool, on which its `main` does nothing. */
export const stage: { isPoolThread: boolean } = { isPoolThread: false };
