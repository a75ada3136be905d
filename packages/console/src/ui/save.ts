/** Saves what the page knows as a recording of one moment: `millrace console FILE` opens it. */
import { hello, state } from "./program.ts";

export function save(): void {
  const { value } = hello;
  if (value === undefined) return;
  const update = {
    type: "update",
    seq: 1,
    at: state.at,
    isFresh: true,
    tasks: [...state.tasks.values()],
    resources: [...state.resources.values()],
    warnings: state.warnings,
    polls: state.polls.flatMap(({ task, at, ms }) => [task, at, ms]),
    totals: state.totals,
    loop: state.loop,
    dropped: state.dropped,
    pending: 0,
  };
  const lines = [{ ...value, recording: undefined }, update, { type: "end", reason: "saved from the page" }];
  const file = new Blob([lines.map((line) => `${JSON.stringify(line)}\n`).join("")]);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${value.program.name.replace(/\W+/g, "-")}-${value.program.pid}.millrace`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
