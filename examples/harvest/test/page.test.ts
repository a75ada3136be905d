/**
 * The page of `--serve`, in a real browser while a real harvest runs. Without a Chromium these tests are left
 * out, which is said (Debian: `apt-get install chromium`; or CHROMIUM names one).
 */
import { existsSync, mkdirSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { test } from "./support/folder.ts";
import { startOrigin } from "./support/origin.ts";
import { patiently, slow } from "./support/patience.ts";
import { startHarvest, type HarvestRun } from "./support/run-harvest.ts";

const chromiumPath = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && existsSync(path),
);
if (chromiumPath === undefined) {
  console.warn("\n  SKIPPED: the page of harvest\n  BECAUSE: no Chromium was found (CHROMIUM names one)\n");
}
/** For people to look at. */
const pictures = fileURLToPath(new URL("../../../.cache/screenshots/", import.meta.url));

let browser: Browser;
beforeAll(async () => {
  if (chromiumPath === undefined) return;
  const quiet = ["quic", "background-networking", "component-update", "sync", "gpu"];
  browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ["--no-sandbox", "--no-first-run", ...quiet.map((what) => `--disable-${what}`)],
  });
}, 120_000);
afterAll(async () => {
  await browser?.close();
});

async function open(run: HarvestRun): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  await run.wrote("the progress is shown at http://");
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(/shown at (\S+)/.exec(run.output)![1]!);
  return { page, complaints };
}

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}${name}.png`, fullPage: true });
}

const text = (page: Page, id: string) => expect.poll(() => page.locator(`#${id}`).textContent(), patiently);

describe.skipIf(chromiumPath === undefined)("the page", () => {
  test(
    "shows the progress while it happens, the end, and that the program has stopped",
    slow,
    async ({ folder }) => {
      let answers = 30;
      const waiting: ServerResponse[] = [];
      await using origin = await startOrigin((response, path) => {
        if (path === "/gone") response.writeHead(404).end();
        else if (answers-- > 0) response.end(`# Document <b>${path}</b>`);
        else waiting.push(response);
      });
      const urls = Array.from({ length: 40 }, (_, i) => origin.url(`/guide/${i}.md`));
      await folder.write({ "urls.txt": [origin.url("/gone"), ...urls].join("\n") });
      const args = ["--list", "urls.txt", "--serve", "--port", "0", "--concurrency", "4"];
      const run = startHarvest(folder.path, ...args);
      const { page, complaints } = await open(run);

      await text(page, "state").toBe("harvesting");
      await text(page, "settled").toBe("30");
      await text(page, "total").toBe("41");
      await text(page, "in-flight").toBe("4");
      await text(page, "failed").toBe("1");
      await expect
        .poll(() => page.locator("#failures tr").textContent(), patiently)
        .toMatch(/^status.*\/goneHTTP 404 Not Found$/);
      expect(await page.locator("#recent tr").count()).toBe(12);
      // What was harvested is text, whatever is in it.
      expect(await page.locator("#recent b").count()).toBe(0);
      expect(await page.locator("#recent td.title").first().textContent()).toContain("<b>/guide/");
      expect(await page.locator("[role=progressbar]").getAttribute("aria-valuenow")).toBe("75");
      await picture(page, "harvest-running");

      answers = Infinity;
      for (const response of waiting.splice(0)) response.end("# late");
      await text(page, "settled").toBe("40");
      await text(page, "state").toBe("done");
      expect(await page.title()).toBe("100 % · harvest");
      await page.emulateMedia({ colorScheme: "dark" });
      await picture(page, "harvest-done-dark");
      await page.setViewportSize({ width: 390, height: 900 });
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      await picture(page, "harvest-narrow");

      await run.wrote("done; the page stays until Ctrl-C");
      run.interrupt();
      expect(await run.exit).toMatchObject({ code: 130, signal: null });
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test(
    "a page that is open does not hold up SIGTERM, and says that the program has stopped",
    slow,
    async ({ folder }) => {
      await using origin = await startOrigin(() => {});
      await folder.write({ "urls.txt": origin.url("/silent") });
      const run = startHarvest(
        folder.path,
        "--list",
        "urls.txt",
        "--serve",
        "--port",
        "0",
        "--timeout",
        "500",
        "--retries",
        "1000",
      );
      const { page } = await open(run);
      await text(page, "state").toBe("harvesting");
      run.terminate();
      expect((await run.exit).code).toBe(143);
      await text(page, "state").toBe("the program has stopped");
      await picture(page, "harvest-stopped");
      await page.close();
    },
  );
});

test("a port that is taken is named in one line", slow, async ({ folder }) => {
  await using origin = await startOrigin((response) => response.end());
  await folder.write({ "urls.txt": origin.url("/a") });
  const port = new URL(origin.url("/")).port;
  const run = await startHarvest(folder.path, "--list", "urls.txt", "--serve", "--port", port).exit;
  expect(run).toMatchObject({ code: 1, stdout: "" });
  expect(run.stderr).toContain(`harvest: cannot serve the page on port ${port}: `);
});
