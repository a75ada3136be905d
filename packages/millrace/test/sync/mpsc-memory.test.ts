/** A channel that was full and is drained gives its memory back; a small one keeps what it has. */
import { expect, test } from "vitest";
import type { Ring } from "../../src/internal/ring.ts";
import { Channel, UNBOUNDED } from "../../src/sync/mpsc/channel.ts";

function places(channel: Channel<number>): number {
  return (channel as unknown as { readonly ring: Ring<number> | null }).ring?.capacity ?? 0;
}
function fill(channel: Channel<number>, count: number): void {
  for (let i = 0; i < count; i++) {
    channel.slots.tryTake(1);
    channel.push(i);
  }
}
function drain(channel: Channel<number>): void {
  while (channel.items.tryTake(1)) channel.shift();
}

test.each([
  ["unbounded", UNBOUNDED],
  ["bounded", 50_000],
])("the storage of a drained %s channel shrinks to its floor", (_, capacity) => {
  const channel = new Channel<number>(capacity);
  expect(places(channel)).toBe(0);
  fill(channel, 50_000);
  expect(places(channel)).toBeGreaterThanOrEqual(50_000);
  drain(channel);
  expect([channel.size, places(channel)]).toEqual([0, 16]);
});

test("a disposed channel keeps no storage", () => {
  const channel = new Channel<number>(UNBOUNDED);
  fill(channel, 1000);
  channel.discard();
  expect(places(channel)).toBe(0);
});

test("a small channel does not grow and shrink each time it is filled and drained", () => {
  const channel = new Channel<number>(32);
  fill(channel, 32);
  drain(channel);
  expect(places(channel)).toBe(32);
});
