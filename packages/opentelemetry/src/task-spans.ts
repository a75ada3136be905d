/**
 * A span a task, from its spawn to its end. It is a child of the span that is active where the task is spawned,
 * which is mostly that of the spawner, and always has a link to the span of the task that spawned it: the one
 * says what the task is part of, the other who started it, also where a task begins a trace of its own.
 */
import { inspect } from "node:util";
import {
  context,
  SpanStatusCode,
  trace,
  type Attributes,
  type Link,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { TaskInfo } from "millrace/diagnostics";
import { aroundSpawn } from "millrace/instrumentation";
import { listen } from "./channel.ts";
import { together } from "./together.ts";

type Choice = (task: TaskInfo) => boolean;

export function traceTasks(tracer: Tracer, spanFor: Choice, isRoot: Choice): Disposable {
  const spans: Map<TaskInfo["id"], Span> = new Map();
  const endAll: Disposable = {
    [Symbol.dispose]() {
      for (const span of spans.values()) span.setAttribute("millrace.task.state", "alive").end();
      spans.clear();
    },
  };
  return together([
    endAll,
    aroundSpawn((task, capture) => {
      if (!spanFor(task)) return capture();
      const above = isRoot(task) ? trace.deleteSpan(context.active()) : context.active();
      const span = tracer.startSpan(
        task.name ?? task.kind,
        { attributes: identity(task), links: linksOf(task, spans) },
        above,
      );
      spans.set(task.id, span);
      context.with(trace.setSpan(above, span), capture);
    }),
    listen("end", ({ task, reason }) => {
      const span = spans.get(task.id);
      if (span === undefined) return;
      spans.delete(task.id);
      finish(span, task, reason);
    }),
    listen("warning", ({ warning: { lint, message, task } }) => {
      if (task === undefined) return;
      spans.get(task)?.addEvent("millrace.warning", { "millrace.lint": lint, "millrace.message": message });
    }),
  ]);
}

function linksOf({ parent }: TaskInfo, spans: ReadonlyMap<TaskInfo["id"], Span>): Link[] {
  const spawner = parent === undefined ? undefined : spans.get(parent);
  if (spawner === undefined) return [];
  return [{ context: spawner.spanContext(), attributes: { "millrace.link": "spawner" } }];
}

function identity({ id, kind, parent, spawnedAt }: TaskInfo): Attributes {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(spawnedAt ?? "") ?? [];
  return {
    "millrace.task.id": id,
    "millrace.task.kind": kind,
    ...(parent === undefined ? {} : { "millrace.task.parent": parent }),
    ...(file === undefined
      ? {}
      : { "code.file.path": file, "code.line.number": Number(line), "code.column.number": Number(column) }),
  };
}

function finish(span: Span, task: TaskInfo, reason: unknown): void {
  span.setAttributes({
    "millrace.task.state": task.state,
    // An actor is told from other tasks only after it was spawned.
    "millrace.task.kind": task.kind,
    "millrace.task.polls": task.polls,
    "millrace.task.busy_ms": task.busyMs,
    "millrace.task.scheduled_ms": task.scheduledMs,
    "millrace.task.idle_ms": task.idleMs,
    "millrace.task.longest_poll_ms": task.longestPollMs,
    "millrace.task.wakes": task.wakes,
    "millrace.task.self_wakes": task.selfWakes,
  });
  if (task.state === "failed") {
    const message = reason instanceof Error ? reason.message : text(reason);
    span.recordException(reason instanceof Error ? reason : message);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.setAttribute("error.type", reason instanceof Error ? reason.name : "_OTHER");
  } else if (task.state === "cancelled" && reason !== undefined) {
    span.setAttribute("millrace.task.cancel_reason", text(reason));
  }
  span.end();
}

function text(value: unknown): string {
  return typeof value === "string" ? value : inspect(value);
}
