/** A test with a temporary folder of its own. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test as base } from "vitest";

export interface Folder {
  readonly path: string;
  /** Writes files by relative path; gives the folder they are in. */
  write(files: Readonly<Record<string, string>>): Promise<string>;
  join(name: string): string;
}

export const test = base.extend<{ folder: Folder }>({
  folder: async ({ task }, use) => {
    const path = await mkdtemp(join(tmpdir(), `harvest-${task.id}-`));
    await use({
      path,
      join: (name) => join(path, name),
      async write(files) {
        for (const [name, content] of Object.entries(files)) {
          await mkdir(dirname(join(path, name)), { recursive: true });
          await writeFile(join(path, name), content);
        }
        return path;
      },
    });
    await rm(path, { recursive: true, force: true });
  },
});
