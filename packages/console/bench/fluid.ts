/**
 * `npm run bench:console`: how fluid the page is on ten thousand tasks that all change, in a real Chromium, and
 * what it costs the program that somebody looks. It is a report: it exits with 0 whatever the figures are.
 *
 * In each view the times between animation frames are measured for some seconds while the page works: scrolled
 * through, sorted, filtered. A frame is due every 16.7 ms; after more than 34 ms more than one was missed, and more
 * than 50 ms are felt.
 */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { chromiumPath, launch } from "../test/chromium.ts";
import { watchedProgram } from "../test/watched-program.ts";

const SECONDS = Number(process.argv[2] ?? 5);

interface Frames {
  readonly gaps: readonly number[];
}
interface Said {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly rss: number;
}

if (chromiumPath === undefined) {
  console.log("There is no Chromium here.");
  process.exit(0);
}

const program = await watchedProgram(fileURLToPath(new URL("programs/changing.ts", import.meta.url)));
const said = (): Said[] =>
  program
    .errors()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Said);

await pause(SECONDS * 1000);
await report("nobody looks");
const browser = await launch();
try {
  await look();
} finally {
  await browser.close();
  await program.stop();
}

async function look(): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(program.link());
  await page.waitForFunction(
    () => Number(document.querySelector("[role=grid]")?.getAttribute("aria-rowcount")) > 10_000,
  );
  // The first picture of ten thousand tasks comes in pieces.
  await pause(2000);
  console.log(
    `\n${"view".padEnd(36)} frames/s   median     p99   longest   over 34 ms   over 50 ms   heap MB`,
  );

  await measure(page, "tasks, left alone", async () => {});
  await measure(page, "tasks, scrolled through", (end) => scrolling(page, end));
  await page.getByRole("columnheader", { name: "Waits for" }).getByRole("button").click();
  await measure(page, "tasks, sorted by how long they wait", (end) => scrolling(page, end));
  await measure(page, "tasks, a filter typed", (end) => typing(page, end));
  await page.getByRole("searchbox").fill("");
  await page.keyboard.press("Escape");
  await page.locator(".row").nth(3).click();
  await measure(page, "tasks, one opened", async () => {});
  await page.keyboard.press("Escape");
  for (const [i, view] of ["resources", "wait graph", "timeline", "warnings"].entries()) {
    await page.keyboard.press(String(i + 2));
    await measure(page, view, async () => {});
  }
  await page.keyboard.press("1");
  await measure(page, "tasks, at the end", async () => {});
  const shown = await page.locator(".summary .tile").last().innerText();
  console.log(
    `\nnot shown: ${shown.split("\n").slice(1).join(", ")}; rows in the page: ${await page.locator(".row").count()}`,
  );
  await report("one page open");
}

/** What the program did in the last seconds. */
async function report(when: string): Promise<void> {
  const all = said();
  const last = all.slice(-SECONDS);
  const before = all.at(-SECONDS - 1) ?? all[0]!;
  const rate = last.reduce((sum, each) => sum + each.perSecond, 0) / last.length;
  const { cpuMs, rss } = last.at(-1)!;
  console.log(
    `the program, ${when}: ${Math.round(rate)} messages a second, ${Math.round((cpuMs - before.cpuMs) / last.length)} ms of processor a second, ${Math.round(rss / 1e6)} MB resident`,
  );
}

async function measure(page: Page, name: string, work: (end: number) => Promise<void>): Promise<void> {
  const end = Date.now() + SECONDS * 1000;
  const [{ gaps }] = await Promise.all([frames(page, SECONDS * 1000), work(end)]);
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  const late = (ms: number): number => (gaps.filter((gap) => gap > ms).length / gaps.length) * 100;
  const figures = [
    (gaps.length / total) * 1000,
    at(0.5),
    at(0.99),
    sorted.at(-1)!,
    late(34),
    late(50),
    await heap(page),
  ];
  const [fps, median, p99, longest, missed, felt, mb] = figures.map((figure) => figure.toFixed(1));
  console.log(
    `${name.padEnd(36)} ${fps!.padStart(8)} ${`${median} ms`.padStart(8)} ${`${p99} ms`.padStart(7)} ${`${longest} ms`.padStart(9)} ${`${missed} %`.padStart(12)} ${`${felt} %`.padStart(12)} ${mb!.padStart(9)}`,
  );
}

function frames(of: Page, ms: number): Promise<Frames> {
  return of.evaluate(
    (length) =>
      new Promise<{ gaps: number[] }>((done) => {
        const gaps: number[] = [];
        const began = performance.now();
        let last = began;
        const frame = (): void => {
          const now = performance.now();
          gaps.push(now - last);
          last = now;
          if (now - began < length) requestAnimationFrame(frame);
          else done({ gaps });
        };
        requestAnimationFrame(frame);
      }),
    ms,
  );
}

async function scrolling(page: Page, end: number): Promise<void> {
  await page.mouse.move(600, 600);
  for (let by = 900; Date.now() < end; by = -by) {
    for (let i = 0; i < 20 && Date.now() < end; i++) {
      await page.mouse.wheel(0, by);
      await pause(30);
    }
  }
}
async function typing(page: Page, end: number): Promise<void> {
  await page.keyboard.press("/");
  while (Date.now() < end) {
    await page.keyboard.type("session 12", { delay: 120 });
    for (let i = 0; i < 10; i++) await page.keyboard.press("Backspace");
  }
}

async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 1e6;
}
