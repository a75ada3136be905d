/** The counters of each runtime, and how full the named channels are, looked at when they are collected. */
import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import { snapshot } from "millrace/diagnostics";
import { runtimeMetrics } from "millrace/instrumentation";

type Counters = ReturnType<typeof runtimeMetrics>[number];

export function observeRuntimes(meter: Meter): Disposable {
  const gauge = (name: string, unit: string, description: string): Observable =>
    meter.createObservableUpDownCounter(`millrace.${name}`, { unit, description });
  const counter = (name: string, unit: string, description: string): Observable =>
    meter.createObservableCounter(`millrace.${name}`, { unit, description });
  const counters: readonly (readonly [Observable, (metrics: Counters) => number])[] = [
    [gauge("task.alive", "{task}", "Tasks that have not ended"), (of) => of.aliveTasks],
    [counter("task.spawned", "{task}", "Tasks that were spawned"), (of) => of.spawned],
    [counter("poll.count", "{poll}", "Polls of tasks"), (of) => of.polls],
    [gauge("queue.depth", "{task}", "Tasks that could run and wait for their turn"), (of) => of.queueDepth],
    [gauge("timer.armed", "{timer}", "Timers that have not expired"), (of) => of.timers],
    [counter("yield.forced", "{yield}", "Polls cut short by the budget"), (of) => of.forcedYields],
    [counter("loop.parked", "{time}", "Times the runtime had nothing to run"), (of) => of.parkCount],
    [counter("loop.busy", "s", "Time spent polling tasks"), (of) => of.busyMs / 1000],
  ];
  const size = gauge("channel.size", "{message}", "Messages in the channels of a name");
  const waiters = gauge("resource.waiters", "{task}", "Tasks that wait for the resources of a name");
  const observables = [...counters.map(([observable]) => observable), size, waiters];
  const observe = (result: BatchObservableResult): void => {
    // Runtimes of one name are one series.
    for (const [observable, value] of counters) {
      for (const [name, sum] of summed(runtimeMetrics(), ({ name = "" }) => name, value)) {
        result.observe(observable, sum, name === "" ? {} : { "millrace.runtime.name": name });
      }
    }
    // Without a name there is no telling one from the other, and there may be any number of them.
    const named = snapshot().resources.filter(({ name }) => name !== undefined);
    const key = ({ kind, name }: (typeof named)[number]): string => `${kind}\n${name}`;
    const channels = named.filter(({ attributes }) => typeof attributes.size === "number");
    for (const [of, sum] of summed(channels, key, ({ attributes }) => Number(attributes.size))) {
      result.observe(size, sum, resourceAttributes(of));
    }
    for (const [of, sum] of summed(named, key, (each) => each.waiters.length)) {
      result.observe(waiters, sum, resourceAttributes(of));
    }
  };
  meter.addBatchObservableCallback(observe, observables);
  return {
    [Symbol.dispose]() {
      meter.removeBatchObservableCallback(observe, observables);
    },
  };
}

function resourceAttributes(key: string): Attributes {
  const [kind = "", name = ""] = key.split("\n");
  return { "millrace.resource.kind": kind, "millrace.resource.name": name };
}

function summed<T>(
  all: readonly T[],
  key: (each: T) => string,
  value: (each: T) => number,
): Map<string, number> {
  const sums: Map<string, number> = new Map();
  for (const each of all) sums.set(key(each), (sums.get(key(each)) ?? 0) + value(each));
  return sums;
}
