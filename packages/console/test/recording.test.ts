/** What was recorded can be looked at again, also when the program was killed while it recorded. */
import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { connect, record, serveRecording, type Served } from "@millrace/console";
import { mpsc, Runtime, spawn, yieldNow } from "millrace";
import { openRecording } from "../src/server/player.ts";

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
     spawn(function* () { yield* yieldNow(); process.exit(3); }, { name: "last" });`,
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
  expect(source.model.state.tasks.size).toBeGreaterThan(3000);
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
  await expect(serveRecording(file)).rejects.toThrow("is not a");
  writeFileSync(file, '{"type":"hello","version":99}\n');
  await expect(serveRecording(file)).rejects.toThrow("its format is 99, this is 1");
});

test("a file that cannot be opened is told at once", () => {
  expect(() => record(folder)).toThrow();
});
