/** A page that does not keep up: the program goes on, nothing piles up, and the page has the latest in the end. */
import { mpsc, sleep, spawn, yieldNow } from "millrace";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { connect, findConsole, serve, type Served, type Update } from "@millrace/console";

/** A page of which the test says when it is done with an update. */
class SlowPage {
  readonly updates: Update[] = [];
  readonly socket: WebSocket;
  constructor(shown: Served) {
    this.socket = new WebSocket(`ws://127.0.0.1:${shown.port}/socket`, {
      headers: { authorization: `Bearer ${findConsole(process.pid)!.key}` },
    });
    this.socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Update | { type: "hello" };
      if (message.type === "update") this.updates.push(message);
    });
  }
  async next(count: number): Promise<Update> {
    while (this.updates.length < count) await new Promise((done) => setTimeout(done, 5));
    return this.updates[count - 1]!;
  }
  answer(seq: number): void {
    this.socket.send(JSON.stringify({ type: "ack", seq }));
  }
}
const look = (): Promise<void> => new Promise((done) => setTimeout(done, 350));

test("nothing is sent before the last update was answered, and then all that was missed at once", async () => {
  const shown = await serve();
  try {
    const page = new SlowPage(shown);
    const [tx, rx] = mpsc.channel<number>(1000, { name: "slow page" });
    const first = await page.next(1);
    const worker = spawn(
      async () => {
        for (let i = 0; i < 200; i++) {
          await tx.send(i);
          await sleep(1);
        }
      },
      { name: "busy worker" },
    );
    await worker;
    await look();
    expect(page.updates).toHaveLength(1);

    page.answer(first.seq + 7); // not what was asked
    await look();
    expect(page.updates).toHaveLength(1);

    page.answer(first.seq);
    const second = await page.next(2);
    expect(second.tasks?.filter(({ name }) => name === "busy worker")).toMatchObject([{ state: "done" }]);
    expect(second.resources?.filter(({ name }) => name === "slow page")).toMatchObject([
      { attributes: { size: 200 } },
    ]);
    await look();
    expect(page.updates).toHaveLength(2);
    page.socket.terminate();
    rx.close();
  } finally {
    await shown.close();
  }
});

test("a page that never answers costs the program neither time nor memory that grows", async () => {
  const shown = await serve();
  try {
    const page = new SlowPage(shown);
    await page.next(1);
    const spin = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        for (let j = 0; j < 500; j++) await spawn(() => yieldNow());
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    await spin();
    gc!();
    const before = process.memoryUsage().heapUsed;
    await spin();
    await spin();
    gc!();
    // Twenty thousand tasks and forty thousand polls more; ten megabytes are far below what they would take.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
    expect(page.updates).toHaveLength(1);
    page.socket.terminate();
  } finally {
    await shown.close();
  }
}, 60_000);

test("what was dropped is counted to the poll", async () => {
  const shown = await serve();
  try {
    const client = await connect(shown.url);
    const before = client.state.totals.polls;
    const sent = client.state.polls.length;
    client.isPaused = true;
    await look();
    for (let i = 0; i < 9000; i++) await yieldNow();
    await spawn(async () => {
      for (let i = 0; i < 9000; i++) await yieldNow();
    });
    await look();
    client.isPaused = false;
    while (client.state.totals.polls < before + 9000) await look();
    await look();
    const { polls, dropped, totals } = client.state;
    expect(dropped.polls).toBeGreaterThan(0);
    expect(polls.length - sent + dropped.polls).toBe(totals.polls - before);
    client.close();
  } finally {
    await shown.close();
  }
}, 60_000);

test("several pages are served, each at its own pace, and none is kept when it leaves", async () => {
  const shown = await serve();
  try {
    const [slow, quick] = [new SlowPage(shown), await connect(shown.url)];
    await slow.next(1);
    await spawn(async () => {}, { name: "seen by both" });
    while (![...quick.state.tasks.values()].some(({ name }) => name === "seen by both")) await look();
    expect(slow.updates).toHaveLength(1);
    slow.socket.terminate();
    quick.close();
    await look();
    const last = new SlowPage(shown);
    expect((await last.next(1)).tasks!.some(({ name }) => name === "seen by both")).toBe(true);
    last.socket.terminate();
  } finally {
    await shown.close();
  }
});
