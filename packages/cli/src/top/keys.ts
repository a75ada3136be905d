/** What keys do to the view. */
import type { Key } from "node:readline";
import type { ConsoleClient } from "@millrace/console";
import { columnsOf, lineCount, roomIn, taskOrder, type Size, type Tab, type View } from "./picture.ts";
import { Rates } from "./rates.ts";

const TABS: Readonly<Record<string, Tab>> = { t: "tasks", r: "resources", w: "warnings" };

type Known = Pick<ConsoleClient, "state" | "detail">;

export function changed(
  view: View,
  { name = "" }: Key,
  known: Known,
  size: Size,
  rates: Rates = new Rates(),
): View {
  const steps = stepsOf(name, roomIn(size));
  if (steps !== undefined) {
    return view.tab === "tasks" && view.opened === null
      ? moved(view, steps, known, size, rates)
      : scrolled(view, view.offset + steps, known, size);
  }
  switch (name) {
    case "return":
    case "enter":
      if (view.tab !== "tasks" || view.selected === null) return view;
      return { ...view, opened: view.selected, offset: 0 };
    case "escape":
    case "backspace":
      return view.opened === null
        ? { ...view, selected: null }
        : inSight({ ...view, opened: null }, known, size, rates);
    case "left":
      return neighbour(view, -1);
    case "right":
      return neighbour(view, 1);
    case "i":
      return { ...view, isInverted: !view.isInverted };
    case "e":
      return { ...view, withEnded: !view.withEnded, offset: 0 };
  }
  const tab = TABS[name];
  if (tab === undefined || (tab === view.tab && view.opened === null)) return view;
  return { ...view, tab, sortBy: columnsOf(tab)[0]!.key, isInverted: false, offset: 0, opened: null };
}

/** By how many rows. */
function stepsOf(name: string, page: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    pageup: -page,
    pagedown: page,
    home: -Infinity,
    end: Infinity,
  };
  return steps[name];
}

function scrolled(view: View, offset: number, known: Known, size: Size): View {
  const most = Math.max(0, lineCount(known, view) - roomIn(size));
  return { ...view, offset: Math.min(Math.max(0, offset), most) };
}

/** To another task. */
function moved(view: View, steps: number, known: Known, size: Size, rates: Rates): View {
  const order = taskOrder(known.state, view, rates);
  if (order.length === 0) return view;
  const at = view.selected === null ? -1 : order.indexOf(view.selected);
  // The first key comes to the first row, wherever it leads.
  const to = at < 0 ? (steps === Infinity ? order.length - 1 : 0) : at + steps;
  const index = Math.min(Math.max(0, to), order.length - 1);
  return inSight({ ...view, selected: order[index]! }, known, size, rates);
}

function inSight(view: View, known: Known, size: Size, rates: Rates): View {
  const at = view.selected === null ? -1 : taskOrder(known.state, view, rates).indexOf(view.selected);
  if (at < 0) return scrolled(view, view.offset, known, size);
  const first = at - roomIn(size) + 1;
  return scrolled(view, Math.min(Math.max(view.offset, first), at), known, size);
}

/** Sorted by the column beside. */
function neighbour(view: View, step: 1 | -1): View {
  if (view.opened !== null) return view;
  const keys = columnsOf(view.tab).map(({ key }) => key);
  const index = (keys.indexOf(view.sortBy) + step + keys.length) % keys.length;
  return { ...view, sortBy: keys[index]! };
}
