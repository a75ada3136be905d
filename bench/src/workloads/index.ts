import type { Workload } from "../workload.ts";
import { barrier } from "./barrier.ts";
import { readyBody, suspendingBody } from "./bodies.ts";
import { broadcastToMany } from "./broadcast.ts";
import { channel } from "./channel.ts";
import { channelProducers } from "./channel-producers.ts";
import { recordedChannel, recordedSpawns, unrecordedChannel, unrecordedSpawns } from "./diagnostics.ts";
import { idle } from "./idle.ts";
import { mutex } from "./mutex.ts";
import { mutexContended } from "./mutex-contended.ts";
import { notify } from "./notify.ts";
import { onceCell } from "./once-cell.ts";
import { oneshotReply } from "./oneshot.ts";
import { pingPong } from "./ping-pong.ts";
import { rateLimiter } from "./rate-limiter.ts";
import { reserve } from "./reserve.ts";
import { rwLock } from "./rw-lock.ts";
import { select, selectGrowth } from "./select.ts";
import { semaphore } from "./semaphore.ts";
import { skynet } from "./skynet.ts";
import { sleepingTasks } from "./sleeping-tasks.ts";
import { sleeps } from "./sleeps.ts";
import { spawnJoin } from "./spawn-join.ts";
import { spawnMany } from "./spawn-many.ts";
import { streamOrdered, streamUnordered } from "./stream-async-map.ts";
import { streamSync } from "./stream-sync.ts";
import { timeoutReady } from "./timeout-ready.ts";
import { timeoutSuspending } from "./timeout-suspending.ts";
import { unboundedChannel } from "./unbounded.ts";
import { watchAnswer } from "./watch.ts";
import { yields } from "./yields.ts";
import { threadChannelLarge, threadChannelSmall } from "./thread-channel.ts";
import { threadPayload, threadTransfer, threadUneven } from "./thread-loads.ts";
import { threadMapCheap, threadMapDear, threadMapTiny } from "./thread-map.ts";
import { threadCalls, threadRoundTrip } from "./threads.ts";

/** In the table's order. */
export const workloads: readonly Workload[] = [
  spawnJoin,
  spawnMany,
  skynet,
  yields,
  readyBody,
  suspendingBody,
  channel,
  channelProducers,
  unboundedChannel,
  reserve,
  pingPong,
  oneshotReply,
  broadcastToMany,
  watchAnswer,
  mutex,
  mutexContended,
  semaphore,
  rwLock,
  notify,
  barrier,
  onceCell,
  rateLimiter,
  timeoutReady,
  timeoutSuspending,
  sleeps,
  sleepingTasks,
  streamUnordered,
  streamOrdered,
  streamSync,
  select,
  selectGrowth,
  idle,
  threadCalls,
  threadRoundTrip,
  threadPayload,
  threadTransfer,
  threadUneven,
  threadChannelSmall,
  threadChannelLarge,
  threadMapDear,
  threadMapCheap,
  threadMapTiny,
  unrecordedSpawns,
  unrecordedChannel,
  recordedSpawns,
  recordedChannel,
];
