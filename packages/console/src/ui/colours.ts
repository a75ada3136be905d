/** Colours of the style sheet for what is drawn on a canvas. */
import { signal, type Signal } from "@preact/signals";
import { theme } from "./view.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");
/** Counts the changes of all colours. */
export const scheme: Signal<number> = signal(0);
let known: Map<string, string> = new Map();

function renew(): void {
  known = new Map();
  scheme.value++;
}

export function followScheme(): void {
  dark.addEventListener("change", renew);
  theme.subscribe(() => queueMicrotask(renew));
}

/** The value of `--name` as the browser computes it. */
export function colour(name: string): string {
  let value = known.get(name);
  if (value === undefined) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    value = getComputedStyle(probe).color;
    probe.remove();
    known.set(name, value);
  }
  return value;
}
