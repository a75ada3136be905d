/** The suite in a headless Chromium: how it is started, and what stands there in the place of Node's modules. */
import type { TestUserConfig } from "vitest/config";
import { findChromium } from "./platforms.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--js-flags=--expose-gc",
];

export async function inChromium(): Promise<NonNullable<TestUserConfig["browser"]>> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium was found; CHROMIUM may name one");
  const { playwright } = await import("@vitest/browser-playwright");
  return {
    enabled: true,
    headless: true,
    screenshotFailures: false,
    provider: playwright({ launchOptions: { executablePath, args: flags } }),
    instances: [{ browser: "chromium" }],
  };
}

/**
 * A test file can be loaded although some of its tests use `node:` modules: their exports are there, and
 * whoever touches one fails. Those tests are on the list of exclusions.
 */
export const absentNodeModules = {
  name: "absent-node-modules",
  enforce: "pre" as const,
  resolveId: (id: string) => (id.startsWith("node:") ? `\0absent:${id}` : undefined),
  async load(id: string) {
    if (!id.startsWith("\0absent:")) return undefined;
    const module = id.slice("\0absent:".length);
    const names = Object.keys((await import(module)) as object).filter((name) =>
      /^(?!default$)\w+$/.test(name),
    );
    return `
      const absent = (name) => {
        const fail = () => { throw new Error("a browser has no " + name + " of ${module}"); };
        return new Proxy(function () {}, { get: fail, apply: fail, construct: fail });
      };
      ${names.map((name) => `export const ${name} = absent("${name}");`).join("\n")}
      export default absent("default");`;
  },
};
