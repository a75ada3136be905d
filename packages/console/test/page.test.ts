/**
 * The page in a real browser, while real programs run. Without a Chromium these tests are left out, which is
 * said: install one (Debian: `apt-get install chromium`), or name it with CHROMIUM.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveRecording } from "@millrace/console";
import { chromiumPath, launch, picture } from "./chromium.ts";
import { worst } from "./hostile.ts";
import { watchedProgram, type WatchedProgram } from "./watched-program.ts";

if (chromiumPath === undefined) {
  console.warn("SKIPPED: the page of the console, since no Chromium was found (CHROMIUM names one)");
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), "millrace-"));

/** Opened, with everything the page complains of, and every host it asks. */
async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!["127.0.0.1", ""].includes(new URL(request.url()).hostname)) complaints.push(request.url());
  });
  await page.goto(url);
  return { page, complaints };
}

const tab = (page: Page, name: string) => page.getByRole("tab", { name: new RegExp(`^${name}`) });
const rows = (page: Page) => page.getByRole("row").filter({ has: page.getByRole("gridcell") });

describe.skipIf(chromiumPath === undefined)("the page", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  describe("on examples/harvest while it runs", () => {
    let program: WatchedProgram;
    /** It ends when all is stored, some half a minute later. */
    const harvesting = (database: string): Promise<WatchedProgram> => {
      const options = ["--root", folder, "--latency", "4", "--stalls", "0", "--batch", "1"];
      const file = join(root, "examples/harvest/src/main.ts");
      return watchedProgram(file, [...options, "--db", join(folder, database)]);
    };
    beforeAll(async () => {
      // Enough documents for it to last, and a transaction each, so that the channels before it fill.
      for (let i = 0; i < 6000; i++) {
        writeFileSync(join(folder, `document-${i}.md`), `# Document ${i}\n\nSome words of it.\n`);
      }
      program = await harvesting("harvest.sqlite");
    }, 120_000);
    afterAll(() => program.stop(), 60_000);

    test("filters, opens a task, sees the channel fill, and finds nothing to warn of", async () => {
      const { page, complaints } = await open(program.link());
      await page
        .getByRole("row", { name: /harvest/ })
        .first()
        .waitFor();
      expect(new URL(page.url()).search).toBe("");

      await page.keyboard.press("/");
      await page.keyboard.type('name:"fetch 7"');
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
      expect(await rows(page).textContent()).toContain("fetch 7");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      const panel = page.getByRole("complementary", { name: "Task" });
      await panel.getByRole("heading", { name: "fetch 7" }).waitFor();
      await panel.getByRole("img", { name: "Polls by duration" }).locator("canvas").waitFor();
      await page.waitForFunction(() => document.querySelectorAll(".panel .polls tbody tr").length > 3);
      await picture(page, "harvest-task");
      await page.keyboard.press("Escape");
      await panel.waitFor({ state: "detached" });

      await page.getByRole("searchbox").fill("fetched");
      await tab(page, "Resources").click();
      await page.waitForFunction(() => {
        const meter = document.querySelector(".row [role=meter]");
        return (
          Number(meter?.getAttribute("aria-valuenow")) > 0 && meter?.getAttribute("aria-valuemax") === "16"
        );
      });
      await rows(page).first().click();
      await page
        .getByRole("img", { name: /How full it was/ })
        .locator("canvas")
        .waitFor();
      await picture(page, "harvest-channel");

      await tab(page, "Warnings").click();
      // How long the machine takes for something is not the program's doing.
      await page.getByRole("searchbox").fill("-blocked-loop -never-yielded");
      expect(await page.locator(".warnings").allTextContents()).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test("fits every view into every width, light and dark", async () => {
      const { page, complaints } = await open(program.link());
      await rows(page).first().waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [1440, 640, 390]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          for (const [i, view] of ["tasks", "resources", "graph", "timeline"].entries()) {
            await page.keyboard.press(String(i + 1));
            // The charts and the graph are drawn with what came last.
            await page.waitForTimeout(400);
            expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
            await picture(page, `harvest-${view}-${colorScheme}-${width}`);
          }
        }
      }
      await page.keyboard.press("?");
      await picture(page, "keys");
      await page.keyboard.press("Escape");
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test("the session lasts over a reload, and the link does not", async () => {
      const another = await harvesting("third.sqlite");
      const used = await browser.newContext();
      const page = await used.newPage();
      const link = another.link();
      await (await open(link)).page.context().close();
      const answer = await page.goto(link);
      expect(answer!.status()).toBe(401);
      await page.getByText("good for one visit").waitFor();
      await expect.poll(() => another.errors(), { timeout: 30_000 }).toMatch(/a new one: http:\S+/);
      const [, fresh] = /a new one: (\S+)/.exec(another.errors())!;
      await page.goto(fresh!);
      await rows(page).first().waitFor();
      await page.reload();
      await rows(page).first().waitFor();
      await used.close();
      await another.stop();
    });

    test("is kept when the program has ended", async () => {
      const another = await harvesting("another.sqlite");
      const { page } = await open(another.link());
      await expect.poll(() => rows(page).count(), { timeout: 60_000 }).toBeGreaterThan(3);
      await another.stop();
      await page.getByRole("status").filter({ hasText: "ended" }).waitFor();
      expect(await rows(page).count()).toBeGreaterThan(3);
      await page.context().close();
    });
  });

  test("counts what it was not sent of ten thousand tasks that all change, and shows it", async () => {
    const program = await watchedProgram(
      fileURLToPath(new URL("../bench/programs/changing.ts", import.meta.url)),
    );
    try {
      const { page, complaints } = await open(program.link());
      const known = (): Promise<number> =>
        page.getByRole("grid").evaluate((grid) => Number(grid.getAttribute("aria-rowcount")));
      await expect.poll(known, { timeout: 60_000 }).toBeGreaterThan(10_000);
      await page.getByRole("grid").focus();
      await page.keyboard.press("Space");
      const seconds = (): number => program.errors().split("\n").length;
      const paused = seconds();
      // The program goes on meanwhile, and does more than it keeps for a page.
      await expect.poll(seconds, { timeout: 60_000 }).toBeGreaterThan(paused + 5);
      await page.keyboard.press("Space");
      const notShown = page.locator(".tile", { hasText: "Not shown" });
      await expect.poll(() => notShown.innerText(), { timeout: 60_000 }).toMatch(/[1-9].* polls, 0 tasks/s);
      await expect.poll(known, { timeout: 60_000 }).toBeGreaterThan(10_000);
      expect(await page.locator(".row").count()).toBeLessThan(80);
      expect(complaints).toEqual([]);
      await page.context().close();
    } finally {
      await program.stop();
    }
  });

  test("shows a recording that means harm as the text that it is", async () => {
    const file = join(folder, "worst.millrace");
    writeFileSync(file, worst());
    const shown = await serveRecording(file);
    const { page, complaints } = await open(shown.url);
    await page.getByRole("slider", { name: "Time of the recording" }).waitFor();
    for (const key of ["1", "2", "3", "5"]) {
      await page.keyboard.press(key);
      await page.locator("#view").getByText("owned").first().waitFor();
    }
    await page.keyboard.press("4");
    await page.locator(".timeline canvas").waitFor();
    for (const key of ["1", "2"]) {
      await page.keyboard.press(key);
      for (const row of await rows(page).all()) {
        await row.click();
        await page.getByRole("complementary").waitFor();
      }
      await page.keyboard.press("Escape");
    }
    expect(await page.title()).toContain("<script>");
    expect(await page.locator("img, .view script, .panel script").count()).toBe(0);
    expect(await page.evaluate(() => "isPolluted" in {})).toBe(false);
    expect(complaints).toEqual([]);
    await page.context().close();
    await shown.close();
  });

  describe("on ten thousand tasks", () => {
    let program: WatchedProgram;
    let page: Page;
    let complaints: string[];
    beforeAll(async () => {
      program = await watchedProgram(fileURLToPath(new URL("programs/many.ts", import.meta.url)));
      ({ page, complaints } = await open(program.link()));
    }, 120_000);
    afterAll(() => program.stop(), 60_000);

    test("shows them all, and draws only those in sight", async () => {
      await page.waitForFunction(() => {
        const rows = Number(document.querySelector("[role=grid]")?.getAttribute("aria-rowcount"));
        return rows > 10_000;
      });
      expect(await rows(page).count()).toBeLessThan(80);
      await page.getByRole("grid").focus();
      const last = async (): Promise<string> => {
        await page.keyboard.press("End");
        return await page.locator(".row").last().innerText();
      };
      // The last ones may be still to come.
      await expect.poll(last, { timeout: 60_000 }).toContain("<script>");
      await picture(page, "many-tasks");
    });

    test("sorts by any column, both ways", async () => {
      await page.getByRole("searchbox").fill("name:worker");
      const column = async (index: number): Promise<string[]> =>
        await rows(page).evaluateAll(
          (all, at) => all.map((row) => row.children[at]!.textContent ?? ""),
          index,
        );
      await page.waitForFunction(() => document.querySelectorAll(".row").length === 20);
      await page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
      await expect.poll(() => column(1)).toEqual((await column(1)).toSorted());
      await page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
      expect(await page.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe(
        "descending",
      );
      await expect.poll(async () => (await column(1))[0]).toBe("worker 9");
      await page.getByRole("columnheader", { name: "Id" }).getByRole("button").click();
      await page.getByRole("searchbox").fill("");
    });

    test("names are text, whatever is in them", async () => {
      await page.getByRole("searchbox").fill("owned");
      await page.getByText(`<script>document.title="owned"</script>`).waitFor();
      expect(await page.title()).toBe("many.ts · millrace console");
      await page.getByRole("searchbox").fill("");
    });

    test("stands still while it is paused, and the program does not", async () => {
      await page.keyboard.press("Escape");
      await page.getByRole("grid").focus();
      await page.keyboard.press("Space");
      await page.getByRole("status").filter({ hasText: "paused" }).waitFor();
      const total = (): Promise<string> => page.locator(".tile").nth(1).innerText();
      const before = await total();
      await new Promise((done) => setTimeout(done, 1000));
      expect(await total()).toBe(before);
      await page.keyboard.press("Space");
      await expect.poll(total, { timeout: 30_000 }).not.toBe(before);
    });

    test("draws who waits for whom, and the deadlock", async () => {
      await page.keyboard.press("3");
      await page.waitForFunction(() => document.querySelectorAll(".node.bad").length === 4);
      expect(await page.locator(".edge.bad").count()).toBe(4);
      await page.locator(".node.bad.resource").first().click();
      await page.getByRole("complementary", { name: "Resource" }).waitFor();
      await picture(page, "many-graph");
      await page.keyboard.press("Escape");
    });

    test("draws who ran when", async () => {
      await page.keyboard.press("4");
      const canvas = page.locator(".timeline canvas");
      const inked = (): Promise<number> =>
        canvas.evaluate((element: HTMLCanvasElement) => {
          const { width, height } = element;
          const { data } = element.getContext("2d")!.getImageData(0, 0, width, height);
          let green = 0;
          for (let i = 0; i < data.length; i += 4) if (data[i + 1]! > data[i]! + 60) green++;
          return green;
        });
      await expect.poll(inked, { timeout: 60_000 }).toBeGreaterThan(50);
      await picture(page, "many-timeline");
    });

    test("warns of the deadlock, and leads to its task", async () => {
      await page.keyboard.press("5");
      const warning = page.getByRole("listitem").filter({ hasText: "wait for each other, for ever" });
      await warning.waitFor();
      await picture(page, "many-warnings");
      await warning.getByRole("button").first().click();
      await page
        .getByRole("complementary", { name: "Task" })
        .getByRole("heading", { name: /transfer/ })
        .waitFor();
      await page.keyboard.press("Escape");
    });

    test("is light and dark", async () => {
      const ground = (): Promise<string> =>
        page.evaluate(() => getComputedStyle(document.querySelector(".view")!).backgroundColor);
      await page.keyboard.press("1");
      await page.emulateMedia({ colorScheme: "dark" });
      const dark = await ground();
      await picture(page, "many-tasks-dark");
      await page.emulateMedia({ colorScheme: "light" });
      expect(await ground()).not.toBe(dark);
      await page.getByRole("button", { name: "Auto" }).click();
      await page.getByRole("button", { name: "Light" }).click();
      await expect.poll(ground).toBe(dark);
    });

    test("saves what it shows, and that can be opened again", async () => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save" }).click(),
      ]);
      const file = join(folder, "saved.millrace");
      await download.saveAs(file);
      expect(readFileSync(file, "utf8").split("\n")).toHaveLength(4);
      const shown = await serveRecording(file);
      const again = await open(shown.url);
      await again.page.getByRole("slider", { name: "Time of the recording" }).waitFor();
      await again.page.waitForFunction(
        () => Number(document.querySelector("[role=grid]")?.getAttribute("aria-rowcount")) > 10_000,
      );
      expect(again.complaints).toEqual([]);
      await again.page.context().close();
      await shown.close();
    });

    test("complained of nothing meanwhile", () => {
      expect(complaints).toEqual([]);
    });
  });
});
