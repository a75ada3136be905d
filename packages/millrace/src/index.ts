/** `millrace`: Tokio's concurrency model for TypeScript. */
import "./future-methods.ts";

// futures
export { PENDING } from "./runtime/body.ts";
export type { Awaitable, Body, Outcome, Poll, Routine, Suspend, Waker } from "./runtime/body.ts";
export { Future } from "./runtime/future.ts";
export { asyncFn, shield } from "./runtime/call.ts";
export { pending, pollFn, ready } from "./combinators/ready.ts";
export { fromPromise } from "./combinators/from-promise.ts";
export { fromEvent } from "./combinators/from-event.ts";
export { SharedFuture } from "./combinators/shared.ts";

// combinators
export { join, joinAll, joinSettled, tryJoin, tryJoinAll } from "./combinators/join.ts";
export { any, race } from "./combinators/race.ts";
export { select } from "./combinators/select.ts";
export type { Branches, Selected } from "./combinators/select.ts";

// tasks
export { spawn } from "./runtime/spawn.ts";
export type { SpawnOptions } from "./runtime/spawn.ts";
export type { TaskContext, TaskId } from "./runtime/task.ts";
export { JoinHandle } from "./runtime/join-handle.ts";
export type { AbortHandle } from "./runtime/join-handle.ts";
export { JoinSet } from "./runtime/join-set.ts";
export type { JoinedOutcome } from "./runtime/join-set.ts";
export { JoinMap } from "./runtime/join-map.ts";
export type { KeyedOutcome } from "./runtime/join-map.ts";
export { scope } from "./runtime/scope.ts";
export type { ScopeOptions, TaskScope } from "./runtime/scope.ts";
export { TaskTracker } from "./runtime/task-tracker.ts";
export { taskLocal } from "./runtime/task-local.ts";
export type { TaskLocal } from "./runtime/task-local.ts";
export { currentTask } from "./runtime/current-task.ts";
export { consumeBudget, unconstrained, yieldNow } from "./runtime/budget.ts";

// cancellation
export { CancellationToken } from "./sync/cancellation-token.ts";
export { ctrlC, osSignal } from "./combinators/os-signal.ts";
export type { SignalListener } from "./combinators/os-signal.ts";
export type { SignalName } from "./runtime/signals.ts";

// time
export { now, Sleep, sleep, sleepUntil } from "./time/sleep.ts";
export { timeout, timeoutAt } from "./time/timeout.ts";
export { Interval, interval } from "./time/interval.ts";
export type { MissedTick } from "./time/interval.ts";
export { DelayQueue } from "./time/delay-queue.ts";
export type { DelayKey } from "./time/delay-queue.ts";
export type { Duration } from "./runtime/duration.ts";

// runtime
export { Runtime } from "./runtime/runtime.ts";
export type { RuntimeMetrics, RuntimeOptions, ShutdownReport } from "./runtime/runtime.ts";
export type { TaskFailure } from "./runtime/kernel.ts";
export { main } from "./runtime/main.ts";
export { LocalExecutor } from "./runtime/local-executor.ts";

// channels and synchronisation
export * as mpsc from "./sync/mpsc/mpsc.ts";
export * as oneshot from "./sync/oneshot.ts";
export * as broadcast from "./sync/broadcast.ts";
export * as watch from "./sync/watch.ts";
export { Semaphore } from "./sync/semaphore.ts";
export type { SemaphorePermit } from "./sync/semaphore.ts";
export { Notified, Notify } from "./sync/notify.ts";
export { Mutex } from "./sync/mutex.ts";
export type { MutexGuard } from "./sync/mutex.ts";
export { RwLock } from "./sync/rw-lock.ts";
export type { ReadGuard, WriteGuard } from "./sync/rw-lock.ts";
export { Barrier } from "./sync/barrier.ts";
export type { BarrierResult } from "./sync/barrier.ts";
export { OnceCell } from "./sync/once-cell.ts";
export { SetOnce } from "./sync/set-once.ts";
export { RateLimiter } from "./sync/rate-limiter.ts";
export type { Message, Try } from "./sync/try.ts";

// errors
export {
  CancelledError,
  ClosedError,
  DeadlockError,
  FutureConsumedError,
  LaggedError,
  MillraceError,
  RecvError,
  RuntimeShutdownError,
  SelectError,
  SendError,
  TimeoutError,
} from "./errors.ts";
