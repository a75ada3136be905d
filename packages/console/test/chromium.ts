/** A headless Chromium, where there is one. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Its path; `undefined` where there is none. */
export const chromiumPath: string | undefined = PLACES.find((path) => path !== undefined && existsSync(path));

/** Where pictures of the page are kept, for people to look at. */
const pictures: string = fileURLToPath(new URL("../../../.cache/screenshots/", import.meta.url));

export async function launch(): Promise<Browser> {
  const quiet = ["quic", "background-networking", "component-update", "sync", "gpu"];
  return await chromium.launch({
    executablePath: chromiumPath!,
    args: ["--no-sandbox", "--no-first-run", ...quiet.map((what) => `--disable-${what}`)],
  });
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
