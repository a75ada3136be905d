/** What the keyboard does anywhere on the page, and the list of it. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isPaused, pause, play, playback, status } from "./program.ts";
import { opened, show, showsKeys, type, VIEWS } from "./view.ts";

export const FILTER_ID = "filter";

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || showsKeys.value) return;
    const { target, key } = event;
    if (target instanceof HTMLInputElement && target.type !== "range") {
      if (key === "Escape" || key === "Enter") leaveFilter(target, key);
      return;
    }
    const index = Number(key) - 1;
    const view = VIEWS[index];
    if (view !== undefined) show(view);
    else if (key === "/") document.getElementById(FILTER_ID)?.focus();
    else if (key === "Escape") opened.value = null;
    else if (key === "?") showsKeys.value = true;
    else if (key === " " && !(target instanceof HTMLButtonElement)) togglePlay();
    else return;
    event.preventDefault();
  });
}

function leaveFilter(input: HTMLInputElement, key: string): void {
  if (key === "Escape") type("");
  input.blur();
  document.querySelector<HTMLElement>(".view [tabindex='0']")?.focus();
}
function togglePlay(): void {
  if (status.value === "recording") play(playback.value?.isPlaying !== true);
  else pause(!isPaused.value);
}

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["1 – 5", "tasks, resources, wait graph, timeline, warnings"],
  ["/", "filter; Enter goes back to the table, Esc clears it"],
  ["↑ ↓ Page Home End", "move through the rows"],
  ["Enter", "open the row"],
  ["Esc", "close the panel"],
  ["+ −", "zoom the graph or the timeline"],
  ["Space", "pause and resume; the program goes on"],
  ["?", "this list"],
];
const TERMS: readonly (readonly [term: string, what: string])[] = [
  ["words", "anything shown contains them"],
  ["state:waiting", "one column does: id, name, state, kind, on, at, parent"],
  ["busy>10ms", "one number is: busy, scheduled, idle, longest, wait, polls, wakes, self"],
  ["-state:waiting", "not that"],
];

export function KeysDialog(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (showsKeys.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [showsKeys.value]);
  return (
    <dialog
      ref={dialog}
      aria-label="Keys"
      onClose={() => {
        showsKeys.value = false;
      }}
    >
      <h2>Keys</h2>
      <List of={KEYS} />
      <h2>Filter</h2>
      <List of={TERMS} />
      <form method="dialog">
        <button class="primary">Close</button>
      </form>
    </dialog>
  );
}

function List(props: { of: readonly (readonly [string, string])[] }): JSX.Element {
  return (
    <dl class="keys">
      {props.of.map(([term, what]) => (
        <>
          <dt>
            <kbd>{term}</kbd>
          </dt>
          <dd>{what}</dd>
        </>
      ))}
    </dl>
  );
}
