/** What a scope that is cancelled tells those in it, and what becomes of failures of a scope in a scope. */
import {
  asyncFn,
  CancellationToken,
  type CancelledError,
  joinSettled,
  pending,
  scope,
  select,
  sleep,
  spawn,
  type TaskScope,
} from "millrace";
import { expect } from "vitest";
import { get, inBothStyles, type InStyle, type Steps } from "../both-styles.ts";

const messages = (error: unknown): string[] =>
  (error as { suppressed: Error[] }).suppressed.map(({ message }) => message);

/** Waits for ever, and fails with `message` when it is cancelled. */
const failingCleanup = ({ body }: InStyle, message: string) =>
  body(function* (): Steps<void> {
    try {
      yield* get(pending());
    } catch {
      throw new Error(message);
    }
  });
const failing = ({ body }: InStyle, error: Error) =>
  body(function* (): Steps<void> {
    yield* get(sleep(1));
    throw error;
  });

inBothStyles("the reason of cancel() reaches the body, what it calls, and every child", function* (style) {
  const reasons: unknown[] = [];
  const waits = (name: string) =>
    style.body(function* (): Steps<void> {
      try {
        yield* get(pending());
      } catch (error) {
        reasons.push([name, (error as CancelledError).reason]);
        throw error;
      }
    });
  const outcome = yield* get(
    scope(
      style.body(function* (s: TaskScope) {
        const child = s.spawn(waits("child"));
        s.spawn(
          style.body(function* () {
            yield* get(scope(waits("scope in a child")));
          }),
        );
        spawn(
          style.body(function* () {
            yield* get(sleep(5));
            s.cancel("closing time");
            const late = s.spawn(waits("never started"));
            reasons.push(["outcomes", yield* get(child.settled()), yield* get(late.settled())]);
          }),
        ).detach();
        yield* get(scope(waits("body")));
      }),
    ).settled(),
  );
  const cancelled = { status: "cancelled", reason: "closing time" };
  expect(outcome).toEqual(cancelled);
  yield* get(sleep(1));
  expect(reasons).toHaveLength(4);
  expect(reasons).toEqual(
    expect.arrayContaining([
      ["child", "closing time"],
      ["scope in a child", "closing time"],
      ["body", "closing time"],
      ["outcomes", cancelled, cancelled],
    ]),
  );
});

inBothStyles("so does the reason of a token or signal reach what it stops", function* ({ body }) {
  const reasons: unknown[] = [];
  const waits = asyncFn(
    body(function* (): Steps<void> {
      try {
        yield* get(scope(body(() => get(pending()))));
      } catch (error) {
        reasons.push((error as CancelledError).reason);
        throw error;
      }
    }),
  );
  const token = new CancellationToken();
  const controller = new AbortController();
  spawn(
    body(function* () {
      yield* get(sleep(5));
      token.cancel("by token");
      controller.abort("by signal");
    }),
  ).detach();
  const outcomes = yield* get(
    joinSettled(
      waits().until(token),
      token.runUntilCancelled(select({ call: waits(), never: pending() })),
      waits().until(controller.signal),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["cancelled", "fulfilled", "cancelled"]);
  yield* get(sleep(1));
  expect(reasons.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "by signal",
    "by token",
    "by token",
  ]);
  // What is dropped for another reason is told none.
  yield* get(waits().timeout(1).settled());
  yield* get(sleep(1));
  expect(reasons.slice(3)).toEqual([undefined]);
});

inBothStyles("a failure that leaves two scopes keeps what was suppressed in both", function* (style) {
  const first = new Error("first");
  const outcome = yield* get(
    scope(
      style.body(function* (outer: TaskScope) {
        outer.spawn(failingCleanup(style, "third"));
        yield* get(
          scope(
            style.body(function* (inner: TaskScope) {
              inner.spawn(failing(style, first));
              inner.spawn(failingCleanup(style, "second"));
              yield* get(pending());
            }),
          ),
        );
      }),
    ).settled(),
  );
  expect(outcome).toEqual({ status: "rejected", reason: first });
  expect(messages(first)).toEqual(["second", "third"]);
});

inBothStyles("a failure that suppressed another by itself keeps that one, too", function* (style) {
  const failed = Object.assign(new Error("dispose"), { error: null, suppressed: new Error("block") });
  yield* get(
    scope(
      style.body(function* (s: TaskScope) {
        s.spawn(failing(style, failed));
        s.spawn(failingCleanup(style, "sibling"));
        yield* get(pending());
      }),
    ).settled(),
  );
  expect(messages(failed)).toEqual(["block", "sibling"]);
});
