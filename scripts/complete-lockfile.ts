/**
 * Completes package-lock.json: `node scripts/complete-lockfile.ts`, after `npm install` rewrote it.
 *
 * npm leaves an optional package out of the lock file when the registry at hand cannot describe it (a
 * mirror often lacks the binaries of foreign platforms), and then `npm ci` refuses the lock file. Their
 * names carry platform, processor and C library (`@oxlint/binding-linux-x64-musl`), which is all that
 * npm needs in order to skip them where they do not belong.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockedPackage> };
const packages: Record<string, LockedPackage> = { ...lock.packages };
const libraries: Record<string, string> = {
  gnu: "glibc",
  gnueabihf: "glibc",
  musl: "musl",
  musleabihf: "musl",
};

for (const owner of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const [, os, cpu, abi] = /^@[^/]+\/(?:binding-)?(\w+)-(\w+)(?:-(\w+))?$/.exec(name) ?? [];
    if (path in packages || os === undefined || cpu === undefined) continue;
    const libc = os === "linux" && abi !== undefined ? libraries[abi] : undefined;
    packages[path] = {
      version,
      cpu: [cpu],
      ...(owner.dev === true && { dev: true }),
      ...(libc !== undefined && { libc: [libc] }),
      ...(owner.license !== undefined && { license: owner.license }),
      optional: true,
      os: [os],
    } as LockedPackage;
    console.log(`added ${name}@${version}`);
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
