import { Mutex, Runtime, Semaphore, spawn, yieldNow } from "millrace";
import { expect, test } from "vitest";

// What need not wait is awaited without an `Await` of its own; it is memoised all the same.
test("an operation that need not wait gives one result to every await and yield*", async () => {
  const semaphore = new Semaphore(2);
  const acquired = semaphore.acquire();
  const first = await acquired;
  expect(await acquired).toBe(first);
  const third = await new Runtime().run(function* () {
    return yield* acquired;
  });
  expect(third).toBe(first);
  expect(semaphore.availablePermits).toBe(1);
  acquired[Symbol.dispose]();
  expect(await acquired).toBe(first);
});

test("one that is disposed before it is used takes nothing", async () => {
  const mutex = new Mutex(1);
  const lock = mutex.lock();
  lock[Symbol.dispose]();
  await expect(lock).rejects.toThrow("already used");
  expect(mutex.isLocked).toBe(false);
});

test("a yield that is cancelled throws there, in yield* style", async () => {
  let wasTold = false;
  await new Runtime().run(async () => {
    const handle = spawn(function* () {
      try {
        for (;;) yield* yieldNow();
      } finally {
        wasTold = true;
        yield* yieldNow();
      }
    });
    await yieldNow();
    handle.abort();
    await handle.settled();
  });
  expect(wasTold).toBe(true);
});
