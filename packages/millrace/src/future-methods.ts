/**
 * Gives `Future` the methods that upper layers implement. Every entry point loads this file for its
 * effect; it is why the package lists it under `sideEffects`.
 */
import { map, ref, settled } from "./combinators/adapters.ts";
import { watchPromise } from "./combinators/to-future.ts";
import { shared, split } from "./combinators/shared.ts";
import { until } from "./combinators/until.ts";
import { futureMethods, type FutureMethods } from "./runtime/future.ts";
import { timeout } from "./time/timeout.ts";

const methods: FutureMethods = {
  map,
  settled,
  shared,
  ref,
  timeout: (future, limit) => timeout(limit, future) as typeof future,
  until,
  fromPromise: watchPromise,
  split,
};
Object.assign(futureMethods, methods);
