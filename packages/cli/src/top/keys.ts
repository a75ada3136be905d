/** What keys do to the view. */
import type { Key } from "node:readline";
import type { ConsoleState } from "@millrace/console";
import { columnsOf, lineCount, type Size, type Tab, type View } from "./picture.ts";

const TABS: Readonly<Record<string, Tab>> = { t: "tasks", r: "resources", w: "warnings" };

export function changed(view: View, { name = "" }: Key, state: ConsoleState, { height }: Size): View {
  const page = Math.max(1, height - 6);
  const most = Math.max(0, lineCount(state, view) - page);
  const scrolled = (offset: number): View => ({ ...view, offset: Math.min(Math.max(0, offset), most) });
  switch (name) {
    case "up":
      return scrolled(view.offset - 1);
    case "down":
      return scrolled(view.offset + 1);
    case "pageup":
      return scrolled(view.offset - page);
    case "pagedown":
      return scrolled(view.offset + page);
    case "home":
      return scrolled(0);
    case "end":
      return scrolled(most);
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
  if (tab === undefined || tab === view.tab) return view;
  return { ...view, tab, sortBy: columnsOf(tab)[0]!.key, isInverted: false, offset: 0 };
}

/** Sorted by the column beside. */
function neighbour(view: View, step: 1 | -1): View {
  const keys = columnsOf(view.tab).map(({ key }) => key);
  const index = (keys.indexOf(view.sortBy) + step + keys.length) % keys.length;
  return { ...view, sortBy: keys[index]! };
}
