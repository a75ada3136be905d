/** The warnings of a recording: each thing is told once, and the latest are kept. */
import { isWanted, publish } from "./events.ts";
import type { Warning } from "./reports.ts";

export class Warnings {
  readonly #kept: Map<string, Warning> = new Map();
  /** What was told, also if it is not kept any more. */
  readonly #told: Set<string> = new Set();
  readonly #history: number;
  readonly onAdd: Set<(warning: Warning) => void> = new Set();

  constructor(history: number) {
    this.#history = history;
  }

  /** `about` says what must not be told twice, apart from the lint. */
  add(warning: Warning, about: string | number | undefined): void {
    const key = `${warning.lint} ${about}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    if (this.#told.size > this.#history * 16) this.#forgetOldest();
    this.#kept.set(key, warning);
    if (this.#kept.size > this.#history) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest!);
    }
    for (const tell of this.onAdd) tell(warning);
    if (isWanted("warning")) publish({ type: "warning", warning });
  }
  #forgetOldest(): void {
    const [oldest] = this.#told;
    this.#told.delete(oldest!);
  }
  list(): Warning[] {
    return [...this.#kept.values()];
  }
}
