/** A broadcast channel that was full and is drained gives its memory back; a small one keeps what it has. */
import { broadcast } from "millrace";
import { expect, test } from "vitest";
import { now } from "./outcome.ts";
import { turn } from "../turn.ts";

async function heap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await turn();
    gc!();
  }
  return process.memoryUsage().heapUsed;
}

test("after 2^18 messages were received by everybody, the channel is as small as a new one", async () => {
  const COUNT = 2 ** 18;
  const [tx, first] = broadcast.channel<number>(COUNT);
  const receivers = [first, tx.subscribe()];
  const before = await heap();
  for (let i = 0; i < COUNT; i++) tx.send(i);
  expect((await heap()) - before).toBeGreaterThan(COUNT * 8);
  for (const rx of receivers) {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += now(rx.recv())!;
    expect(sum).toBe((COUNT * (COUNT - 1)) / 2);
  }
  // A quarter of what it held, for what the collector leaves behind.
  expect((await heap()) - before).toBeLessThan((COUNT * 8) / 4);
  // It goes on as before.
  expect([tx.size, ...receivers.map((rx) => rx.size)]).toEqual([0, 0, 0]);
  for (let i = 0; i < COUNT + 3; i++) tx.send(i);
  expect(tx.size).toBe(COUNT);
  expect(first.tryRecv()).toEqual({ ok: false, reason: "lagged", missed: 3 });
  expect(first.tryRecv()).toEqual({ ok: true, value: 3 });
});
