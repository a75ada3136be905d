/** What is counted as it happens: how tasks ended, how long they and their polls took, and the warnings. */
import type { Meter } from "@opentelemetry/api";
import { listen } from "./channel.ts";
import { together } from "./together.ts";

export function countTasks(meter: Meter, pollDurations: boolean): Disposable {
  const ended = meter.createCounter("millrace.task.ended", {
    unit: "{task}",
    description: "Tasks that have ended, by how: done, failed or cancelled",
  });
  const busy = meter.createHistogram("millrace.task.busy", {
    unit: "s",
    description: "How long tasks that have ended ran, all their polls together",
  });
  const scheduled = meter.createHistogram("millrace.task.scheduled", {
    unit: "s",
    description: "How long tasks that have ended could have run, and waited for their turn",
  });
  const warnings = meter.createCounter("millrace.warning.count", {
    unit: "{warning}",
    description: "Warnings of probable mistakes, by lint",
  });
  const parts = [
    listen("end", ({ task }) => {
      ended.add(1, { "millrace.task.state": task.state });
      busy.record(task.busyMs / 1000);
      scheduled.record(task.scheduledMs / 1000);
    }),
    listen("warning", ({ warning }) => warnings.add(1, { "millrace.lint": warning.lint })),
  ];
  if (pollDurations) {
    const polls = meter.createHistogram("millrace.poll.duration", {
      unit: "s",
      description: "How long single polls of tasks took",
    });
    parts.push(listen("poll", ({ ms }) => polls.record(ms / 1000)));
  }
  return together(parts);
}
