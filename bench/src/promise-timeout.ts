/** The promise baseline's time limit: race the operation against a timer, and clear the timer. */
export async function withTimeout<T>(operation: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([operation, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same with the platform's own timeout signal. */
export async function withTimeoutSignal<T>(operation: Promise<T>, ms: number): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  const { promise: limit, reject } = Promise.withResolvers<never>();
  const expire = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", expire);
  try {
    return await Promise.race([operation, limit]);
  } finally {
    signal.removeEventListener("abort", expire);
  }
}
