/**
 * Packages as the program sees them: a library that is watched, or asked to run something, must be the copy
 * that the program uses, not the one that came with the command.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export class ProgramPackages {
  readonly #require: NodeJS.Require;

  /** `file` is the program's path. */
  constructor(file: string) {
    this.#require = createRequire(file);
  }

  /** The program's copy, or else the command's own. */
  async load<T>(specifier: string): Promise<T> {
    return (await import(this.#resolve(specifier))) as T;
  }

  #resolve(specifier: string): string {
    try {
      return pathToFileURL(this.#require.resolve(specifier)).href;
    } catch {
      return import.meta.resolve(specifier);
    }
  }
}
