/** `millrace/threads`: CPU-bound and blocking work on real threads. */
import "./future-methods.ts";

export { ThreadError } from "./errors.ts";
export { cx } from "./threads/call-context.ts";
export type { ThreadContext } from "./threads/call-context.ts";
export { parMap } from "./threads/par-map.ts";
export { ThreadPool } from "./threads/pool.ts";
export type { ThreadPoolOptions } from "./threads/pool.ts";
export type { ThreadPoolMetrics } from "./threads/pool-metrics.ts";
export { sharedChannel } from "./threads/shared-channel.ts";
export type { SharedReceiver, SharedSender } from "./threads/channel-halves.ts";
export { SharedMutex } from "./threads/shared-mutex.ts";
export { SharedSemaphore } from "./threads/shared-semaphore.ts";
export type { SharedGuard } from "./threads/permits.ts";
export { spawnInline } from "./threads/spawn-inline.ts";
export { spawnBlocking } from "./threads/start-on.ts";
export { threaded } from "./threads/threaded.ts";
export type { ThreadCall, ThreadFn } from "./threads/threaded.ts";
