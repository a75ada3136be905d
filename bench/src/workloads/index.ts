import type { Workload } from "../workload.ts";
import { channel } from "./channel.ts";
import { channelProducers } from "./channel-producers.ts";
import { idle } from "./idle.ts";
import { mutex } from "./mutex.ts";
import { mutexContended } from "./mutex-contended.ts";
import { pingPong } from "./ping-pong.ts";
import { select, selectGrowth } from "./select.ts";
import { skynet } from "./skynet.ts";
import { sleepingTasks } from "./sleeping-tasks.ts";
import { sleeps } from "./sleeps.ts";
import { spawnJoin } from "./spawn-join.ts";
import { spawnMany } from "./spawn-many.ts";
import { timeoutReady } from "./timeout-ready.ts";
import { timeoutSuspending } from "./timeout-suspending.ts";
import { yields } from "./yields.ts";

/** In the table's order. */
export const workloads: readonly Workload[] = [
  spawnJoin,
  spawnMany,
  skynet,
  yields,
  channel,
  channelProducers,
  pingPong,
  mutex,
  mutexContended,
  timeoutReady,
  timeoutSuspending,
  sleeps,
  sleepingTasks,
  select,
  selectGrowth,
  idle,
];
