/** What was recorded can be looked at again, also when the program was killed while it recorded. */
import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { connect, record, serveRecording, type Served } from "@millrace/console";
import {
  Barrier,
  broadcast,
  type Future,
  mpsc,
  Mutex,
  Notify,
  oneshot,
  Runtime,
  RwLock,
  Semaphore,
  sleep,
  spawn,
  watch,
  yieldNow,
} from "millrace";
import { startActor } from "millrace/actor";
import { snapshot } from "millrace/diagnostics";
import { openRecording } from "../src/server/player.ts";
import { hello, lines, resource, task, update, warning, worst } from "./hostile.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-"));
const root = fileURLToPath(new URL("../../..", import.meta.url));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Waits until what is seen is as it should be. */
function until(holds: () => boolean): Promise<void> {
  return new Promise((done) => {
    const look = (): void => void (holds() ? done() : setTimeout(look, 5));
    look();
  });
}

test("a recording shows the program as it was, at any of its times", async () => {
  const file = join(folder, "program.millrace");
  const recording = record(file);
  const runtime = new Runtime();
  await runtime.run(async () => {
    const [tx, rx] = mpsc.channel<number>(4, { name: "jobs" });
    const worker = spawn(async () => await rx.recv(), { name: "worker" });
    await yieldNow();
    await new Promise((done) => setTimeout(done, 300));
    await tx.send(1);
    await worker;
    await new Promise((done) => setTimeout(done, 300));
  });
  await recording.close();
  await runtime.shutdown();

  const source = await openRecording(file);
  const { from, to } = source.hello.recording!;
  const worker = (): string | undefined =>
    [...source.model.state.tasks.values()].find(({ name }) => name === "worker")?.state;
  await source.player!.seek(to);
  expect(worker()).toBe("done");
  await source.player!.seek(from + 200);
  expect(worker()).toBe("waiting");
  await source.player!.seek(to);
  expect(worker()).toBe("done");
  await source.player!.seek(-1);
  expect(source.player!.at).toBe(from);
  source.close();
});

test("whatever a program has made, its recording can be opened", { timeout: 60_000 }, async () => {
  const file = join(folder, "kinds.millrace");
  const recording = record(file);
  const runtime = new Runtime();
  const kinds: string[] = [];
  await runtime.run(async () => {
    const [unbounded, letters] = mpsc.unbounded<number>();
    const [tx, rx] = mpsc.channel<number>(1);
    const [once, answer] = oneshot.channel<number>();
    const [heard, ears] = broadcast.channel<number>(2);
    const [setter, watcher] = watch.channel(0);
    const lock = new RwLock(0);
    const permits = new Semaphore(Number.MAX_SAFE_INTEGER);
    const turn = new Mutex(0);
    using held = await turn.lock();
    using actor = startActor(() => ({ ping: () => "pong" }));
    const all: readonly Future<unknown>[] = [
      letters.recv(),
      rx.recv(),
      answer,
      ears.recv(),
      watcher.changed(),
      lock.read(),
      permits.acquire(1),
      turn.lock(),
      new Barrier(2).wait(),
      new Notify().notified(),
      sleep(Infinity),
      actor.ask.ping(),
    ];
    const tasks = all.map((each, i) => spawn(each, { name: `task ${i}` }));
    await new Promise((done) => setTimeout(done, 300));
    kinds.push(...snapshot().resources.map(({ kind }) => kind));
    for (const task of tasks) task.abort();
    for (const end of [unbounded, tx, once, heard, setter, held]) end[Symbol.dispose]();
  });
  await recording.close();
  await runtime.shutdown();
  const source = await openRecording(file);
  await source.player!.seek(source.hello.recording!.to);
  expect(new Set([...source.model.state.resources.values()].map(({ kind }) => kind))).toEqual(new Set(kinds));
  expect(source.model.state.tasks.size).toBeGreaterThan(12);
  source.close();
});

test("a recording is served, played and moved about in", { timeout: 60_000 }, async () => {
  const file = join(folder, "served.millrace");
  const recording = record(file);
  for (const name of ["first", "second"]) {
    await spawn(async () => {}, { name });
    await new Promise((done) => setTimeout(done, 250));
  }
  await recording.close();
  const shown: Served = await serveRecording(file);
  const client = await connect(shown.url);
  const names = (): (string | undefined)[] => [...client.state.tasks.values()].map(({ name }) => name);
  expect(client.hello.recording).toBeDefined();
  client.seek(client.hello.recording!.to);
  await until(() => names().includes("second"));
  client.seek(client.hello.recording!.from);
  await until(() => client.state.tasks.size > 0 && !names().includes("second"));
  client.play(true);
  await until(() => client.playback?.isPlaying === true);
  await until(() => names().includes("second"));
  await until(() => client.playback?.isPlaying === false);
  await shown.close();
  expect(client.ended).toBe("the console was closed");
});

test("a process that exits has written what there was, and that it ended", { timeout: 60_000 }, async () => {
  const file = join(folder, "exit.millrace");
  const program = join(folder, "exit.ts");
  const url = (name: string): string => JSON.stringify(import.meta.resolve(name));
  writeFileSync(
    program,
    `import { spawn, yieldNow } from ${url("millrace")};
     import { record } from ${url("@millrace/console")};
     record(${JSON.stringify(file)});
     for (let i = 0; i < 3000; i++) spawn(function* () { for (;;) yield* yieldNow(); }, { name: "task " + i });
     await yieldNow();
     await new Promise((done) => setTimeout(done, 300));
     // More than one look takes: all of them are new.
     for (let i = 0; i < 4500; i++) spawn(function* () { for (;;) yield* yieldNow(); }, { name: "late " + i });
     spawn(function* () {}, { name: "last" });
     process.exit(3);`,
  );
  const run = promisify(execFile)(process.execPath, ["--conditions=@millrace/source", program], {
    cwd: root,
  });
  await expect(run).rejects.toMatchObject({ code: 3 });
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  expect(JSON.parse(lines.at(-1)!)).toEqual({ type: "end", reason: "the program ended" });
  const source = await openRecording(file);
  await source.player!.seek(source.hello.recording!.to);
  expect(source.model.state.tasks.size).toBe(7501);
  expect([...source.model.state.tasks.values()].some(({ name }) => name === "last")).toBe(true);
  source.close();
});

test("a last line that was cut off is left out", async () => {
  const file = join(folder, "cut.millrace");
  const recording = record(file);
  await recording.close();
  appendFileSync(file, '{"type":"update","seq":');
  (await openRecording(file)).close();
  appendFileSync(file, '\n{"type":"end","reason":""}\n');
  await expect(openRecording(file)).rejects.toThrow("is not a line of a millrace recording");
});

test("what is no recording is told as such", async () => {
  const file = join(folder, "other.txt");
  await expect(serveRecording(join(folder, "nothing"))).rejects.toThrow("there is no file");
  writeFileSync(file, "");
  await expect(serveRecording(file)).rejects.toThrow("is not a millrace recording");
  writeFileSync(file, "hello\nworld\n");
  await expect(serveRecording(file)).rejects.toThrow("is not a millrace recording");
  writeFileSync(file, '{"type":"hello","version":99}\n');
  await expect(serveRecording(file)).rejects.toThrow("its format is 99, this is 1");
});

test("a file that cannot be opened is told at once", () => {
  expect(() => record(folder)).toThrow();
});

test.each<[string, object | string]>([
  ["a number", "1"],
  ["nothing", "null"],
  ["a list", "[]"],
  ["a message of no kind", {}],
  ["a message of an unknown kind", { type: "eval", code: "1" }],
  ["a message whose kind is a method", { type: "constructor" }],
  ["an update without a time", { ...update, at: null }],
  ["an update at no time", lines(update).trim().replace('"at":1', '"at":1e999')],
  ["an update without totals", { ...update, totals: undefined }],
  ["tasks that are no list", { ...update, tasks: { length: 1 } }],
  ["a task that is none", { ...update, tasks: [null] }],
  ["a task whose id is a text", { ...update, tasks: [{ ...task, id: "1" }] }],
  ["a task in no state", { ...update, tasks: [{ ...task, state: "__proto__" }] }],
  ["a task whose name is an element", { ...update, tasks: [{ ...task, name: { type: "script" } }] }],
  [
    "a task that waits for an object",
    { ...update, tasks: [{ ...task, waitingOn: { operation: {}, since: 0 } }] },
  ],
  ["a resource that is held by a text", { ...update, resources: [{ ...resource, holders: ["1"] }] }],
  ["a resource without attributes", { ...update, resources: [{ ...resource, attributes: null }] }],
  ["an attribute that is an object", { ...update, resources: [{ ...resource, attributes: { size: {} } }] }],
  ["a warning that is an object", { ...update, warnings: [{ ...warning, message: {} }] }],
  ["polls that are text", { ...update, polls: "123" }],
  ["an end without a reason", { type: "end" }],
])("a recording with %s in it is refused, and the line is named", async (_, line) => {
  const file = join(folder, "broken.millrace");
  writeFileSync(file, lines(hello, update, line, update));
  await expect(openRecording(file)).rejects.toThrow(`${file}:3 is not a line of a millrace recording`);
});

test("a recording that means harm is only shown", { timeout: 60_000 }, async () => {
  const file = join(folder, "worst.millrace");
  writeFileSync(file, worst());
  const shown = await serveRecording(file);
  const client = await connect(shown.url);
  await until(() => client.state.tasks.size > 0);
  expect(client.state.tasks.size).toBe(6);
  for (const at of [1e308, -1e308, 400]) client.seek(at);
  client.play(true);
  await until(() => client.playback?.isPlaying === true);
  expect(({} as { isPolluted?: boolean }).isPolluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  client.close();
  await shown.close();
});

test(
  "a recording that is gone while it is played stops, and nothing else does",
  { timeout: 60_000 },
  async () => {
    const file = join(folder, "gone.millrace");
    writeFileSync(file, lines(hello, update, { ...update, at: 50_000, tasks: [task] }));
    const source = await openRecording(file);
    source.player!.play(true);
    rmSync(file);
    await expect(source.player!.seek(0)).resolves.toBeUndefined();
    writeFileSync(file, lines(hello, update, "{}", update));
    await source.player!.seek(40_000).catch(() => {});
    await expect(source.player!.seek(1)).rejects.toThrow("is not a line of a millrace recording");
    source.player!.play(true);
    await until(() => !source.player!.isPlaying);
    source.close();
  },
);
