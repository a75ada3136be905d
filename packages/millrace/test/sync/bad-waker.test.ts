/** A waker that throws is reported; whoever woke it, and whoever else waits, goes on as if it had not. */
import {
  broadcast,
  type Future,
  JoinSet,
  mpsc,
  oneshot,
  PENDING,
  scope,
  sleep,
  spawn,
  type TaskScope,
  type Waker,
  watch,
  yieldNow,
} from "millrace";
import { step, type Stepper } from "millrace/testing";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { CLOSED, now, permitOf } from "./outcome.ts";

const reports = vi.spyOn(console, "error").mockImplementation(() => {});
afterAll(() => reports.mockRestore());

/** Of the test that runs: what an earlier one has left is woken when it is collected. */
let FAILURE: Error;
let bad: Waker;
beforeEach(() => {
  reports.mockClear();
  const failure = (FAILURE = new Error("from a waker"));
  bad = {
    wake() {
      throw failure;
    },
  };
});
function expectReported(times: number): void {
  const own = reports.mock.calls.filter((call: readonly unknown[]) => call[1] === FAILURE);
  expect(own).toEqual(Array(times).fill(["millrace: a waker threw:", FAILURE]));
}
function waiting<T>(future: Future<T>): Stepper<T> {
  const stepper = step(future);
  expect(stepper.poll()).toBe(PENDING);
  return stepper;
}
test("a permit that was sent is gone, so that the channel ends", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const permit = permitOf(tx);
  tx.close();
  const receiving = rx.recv();
  receiving.poll(bad);
  permit.send(1);
  expect([rx.isClosed, receiving.poll(bad), now(rx.recv())]).toEqual([true, 1, undefined]);
  expectReported(1);
});

test("a message is not lost on its way to a receiver that frees a slot", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  tx.send(2).poll(bad);
  expect(now(rx.recv())).toBe(1);
  expectReported(1);
});

test("closing a receiver wakes all who wait for that", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  tx.send(2).poll(bad);
  const [sending, closed] = [waiting(tx.send(3)), waiting(tx.closed())];
  rx.close();
  expect([sending.isWoken, closed.isWoken, now(rx.recv()), rx.tryRecv()]).toEqual([true, true, 1, CLOSED]);
  expectReported(1);
});

inBothStyles("a broadcast, and a change, reach every other receiver", function* ({ body }) {
  const [events, first] = broadcast.channel<number>(1);
  const [state, watched] = watch.channel(0);
  const [second, other] = [events.subscribe(), state.subscribe()];
  first.recv().poll(bad);
  watched.changed().poll(bad);
  const heard = spawn(
    body(function* () {
      return yield* get(second.recv());
    }),
  );
  const seen = spawn(
    body(function* () {
      yield* get(other.changed());
      return other.borrow();
    }),
  );
  yield* get(yieldNow());
  expect([events.send(7), state.send(1)]).toEqual([2, true]);
  expect([yield* get(heard), yield* get(seen)]).toEqual([7, 1]);
  expectReported(2);
});

test("a reply is sent, and a channel closed, whatever its waker does", () => {
  const [replies, reply] = oneshot.channel<number>();
  reply.poll(bad);
  expect([replies.send(7), reply.poll(bad)]).toEqual([true, 7]);
  const [, closing] = oneshot.channel<number>();
  closing.poll(bad);
  closing.close();
  expectReported(2);
});

inBothStyles("the end of a task reaches every joiner, and its owner", function* ({ body }) {
  const set = new JoinSet<number>();
  const work = body(function* () {
    yield* get(sleep(1));
    return 1;
  });
  set.spawn(work);
  const structured = scope(
    body(function* (tasks: TaskScope) {
      const task = tasks.spawn(work);
      task.poll(bad);
      return yield* get(task);
    }),
  );
  expect(yield* get(structured)).toBe(1);
  expect(yield* get(set.joinNext())).toMatchObject({ value: 1 });
  expectReported(1);
});

inBothStyles("those that yielded, and those that sleep, go on", function* ({ clock }) {
  yieldNow().poll(bad);
  yield* get(yieldNow());
  yield* get(yieldNow());
  sleep(1).poll(bad);
  const moved = sleep(100);
  moved.poll(bad);
  moved.reset(0);
  yield* get(sleep(1));
  expect(clock.now()).toBe(1);
  expectReported(3);
});
