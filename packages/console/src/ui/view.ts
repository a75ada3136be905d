/** What the user looks at: which view, which filter, what is open. */
import { effect, signal, type Signal } from "@preact/signals";
import { used } from "./program.ts";

export const VIEWS = ["tasks", "resources", "graph", "timeline", "warnings"] as const;
export type View = (typeof VIEWS)[number];

export const TITLES: Readonly<Record<View, string>> = {
  tasks: "Tasks",
  resources: "Resources",
  graph: "Wait graph",
  timeline: "Timeline",
  warnings: "Warnings",
};

export interface Opened {
  readonly what: "task" | "resource";
  readonly id: number;
}

export const view: Signal<View> = signal("tasks");
/** What is in the filter's box. */
export const typed: Signal<string> = signal("");
/** What the views go by: what was typed a moment ago, so that the typing itself waits for nothing. */
export const filter: Signal<string> = signal("");
/** Ended tasks are shown as well. */
export const showsEnded: Signal<boolean> = signal(false);
/** What the panel shows. */
export const opened: Signal<Opened | null> = signal(null);
export const showsKeys: Signal<boolean> = signal(false);

/** In ms. */
const FILTER_EVERY = 150;
let isFilterDue = false;

export function type(text: string): void {
  used();
  typed.value = text;
  if (isFilterDue) return;
  isFilterDue = true;
  setTimeout(() => {
    isFilterDue = false;
    filter.value = typed.value;
  }, FILTER_EVERY);
}

export type Theme = "auto" | "light" | "dark";
export const theme: Signal<Theme> = signal((localStorage.getItem("theme") as Theme | null) ?? "auto");

export function openTask(id: number): void {
  opened.value = { what: "task", id };
}
export function openResource(id: number): void {
  opened.value = { what: "resource", id };
}
export function show(next: View): void {
  view.value = next;
}

export function followTheme(): void {
  effect(() => {
    const { value } = theme;
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    localStorage.setItem("theme", value);
  });
}
