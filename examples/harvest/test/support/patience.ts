/** Limits for tests with child processes: far more than they need, for the day the machine is busy. */
export const slow = { timeout: 120_000 };
export const patiently = { timeout: 60_000, interval: 20 };
