/** What is shared, in a program that has started no thread: nobody else can have it. */
import { DeadlockError, type Future, sleep, spawn, timeout, TimeoutError } from "millrace";
import { paused } from "millrace/testing";
import { sharedChannel, SharedMutex, SharedSemaphore } from "millrace/threads";
import { expect, test } from "vitest";
import { get, inBothStyles, styles } from "../both-styles.ts";
import { keptChannel } from "../../src/threads/kept-channel.ts";

const channels = {
  "in shared memory": () => sharedChannel<number>(1),
  "kept by its thread": () => keptChannel<number>(1, 64),
};

/** What waits for ever, and what keeps it from ending otherwise. */
function stuck(): [name: string, wait: () => Future<unknown>, held: unknown][] {
  const made = Object.entries(channels).flatMap(([name, make]): ReturnType<typeof stuck> => {
    const [[tx, rx], [full, unread]] = [make(), make()];
    full.trySend(1);
    return [
      [`recv ${name}`, () => rx.recv(), tx],
      [`send ${name}`, () => full.send(2), unread],
    ];
  });
  const mutex = new SharedMutex();
  const permits = new SharedSemaphore(2);
  return [
    ...made,
    ["lock", () => mutex.lock(), mutex.tryLock()],
    ["acquire", () => permits.acquire(2), permits.acquire().poll({ wake() {} })],
  ];
}

for (const style of styles) {
  test.each(stuck())(`%s: a deadlock is found [${style.name}]`, async (_, wait, held) => {
    const end = paused(
      style.body(function* () {
        yield* get(wait());
      }),
    );
    await expect(end).rejects.toThrow(DeadlockError);
    expect(held).toBeDefined();
  });
}

for (const [name, make] of Object.entries(channels)) {
  inBothStyles(`a channel ${name} does not hold back a paused clock`, function* ({ body, clock }) {
    const [tx, rx] = make();
    const late = yield* get(timeout(10, rx.recv()).settled());
    expect(late).toMatchObject({ status: "rejected", reason: expect.any(TimeoutError) as unknown });
    expect(clock.now()).toBe(10);
    const sending = spawn(
      body(function* () {
        yield* get(sleep(5));
        for (const n of [1, 2, 3]) yield* get(tx.send(n));
        return clock.now();
      }),
    );
    expect([yield* get(rx.recv()), clock.now()]).toEqual([1, 15]);
    yield* get(sleep(100));
    expect([yield* get(rx.recv()), yield* get(rx.recv()), clock.now()]).toEqual([2, 3, 115]);
    expect(yield* get(sending)).toBe(115);
    tx.close();
    expect(yield* get(rx.recv())).toBeUndefined();
  });
}
