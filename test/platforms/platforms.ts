/**
 * The platforms that the suite runs on, and how each is brought here. A runtime is big, so none is a
 * dependency: it is installed by its exact version, into a folder that git ignores, when it is first asked for.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type PlatformName = "node24" | "node22" | "node26" | "bun" | "deno" | "chromium";

export interface Platform {
  readonly name: PlatformName;
  /** The package of the runtime; `undefined` where it is already here. */
  readonly install?: { readonly package: string; readonly version: string; readonly binary: string };
  /** What comes before the path of vitest, and after its `run`. */
  readonly flags?: readonly string[];
  readonly vitestFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const os = process.platform === "win32" ? "win" : process.platform;
const suffix = process.platform === "win32" ? ".exe" : "";
const bunArch = process.arch === "arm64" ? "aarch64" : process.arch;
const denoOs = { win32: "win32", linux: "linux" }[process.platform as string] ?? process.platform;

const node = (version: string) => ({
  package: `node-${os}-${process.arch}`,
  version,
  binary: `bin/node${suffix}`,
});

/**
 * On Node 22 `using` is compiled, and SQLite says on stderr that it is experimental, where tests count the lines.
 * Also under its own name, for tests that start programs without the options of whoever runs the suite.
 */
const node22 = `--disable-warning=ExperimentalWarning --import=${new URL("lower-using.ts", import.meta.url).href}`;

/** The first is the one of `npm test`. */
export const platforms: readonly Platform[] = [
  { name: "node24" },
  {
    name: "node22",
    install: node("22.23.5"),
    env: { NODE_OPTIONS: node22, MILLRACE_NODE_OPTIONS: node22 },
  },
  { name: "node26", install: node("26.10.0") },
  {
    name: "bun",
    install: {
      package: `@oven/bun-${os === "win" ? "windows" : os}-${bunArch}`,
      version: "1.4.5",
      binary: `bin/bun${suffix}`,
    },
    flags: ["--conditions=@millrace/source"],
    vitestFlags: ["--pool=threads"],
  },
  {
    name: "deno",
    install: {
      package: `@deno/${denoOs}-${process.arch}${os === "linux" ? "-glibc" : ""}`,
      version: "2.9.6",
      binary: `deno${suffix}`,
    },
    flags: ["run", "-A", "--conditions=@millrace/source"],
  },
  { name: "chromium" },
];

/** The platform that this run of the suite was started for. */
export const current: PlatformName = platformNamed(process.env["MILLRACE_PLATFORM"] ?? "node24").name;

export function platformNamed(name: string): Platform {
  const found = platforms.find((platform) => platform.name === name);
  if (found !== undefined) return found;
  throw new TypeError(
    `no platform ${JSON.stringify(name)}; there are ${platforms.map((each) => each.name).join(", ")}`,
  );
}

export const cache: string = fileURLToPath(new URL("../../.cache/platforms/", import.meta.url));

/** The path of the runtime, which is installed if it is not here. */
export function executable({ name, install }: Platform): string {
  if (install === undefined) return process.execPath;
  const folder = join(cache, `${name}-${install.version}`);
  const binary = join(folder, "node_modules", install.package, install.binary);
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    const wanted = `${install.package}@${install.version}`;
    console.log(`installing ${wanted} into ${folder}`);
    execFileSync("npm", ["install", "--no-save", "--no-package-lock", "--ignore-scripts", wanted], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
  }
  return binary;
}

/** The browser of this machine, or the one that `CHROMIUM` names. */
export function findChromium(): string | undefined {
  const known = [
    process.env["CHROMIUM"],
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  return known.find((path) => path !== undefined && existsSync(path));
}
