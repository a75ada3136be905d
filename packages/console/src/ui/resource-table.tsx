/** Channels, locks and whatever else tasks wait for. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { ConsoleResource } from "../protocol/messages.ts";
import { parseFilter, resourceMatchable } from "./filter.ts";
import { count, place } from "./format.ts";
import { levelOf } from "./history.ts";
import { Attributes, Level } from "./parts.tsx";
import { state, tick } from "./program.ts";
import { filter, opened, openResource } from "./view.ts";
import { VirtualTable, type Column } from "./virtual-table.tsx";

const COLUMNS: readonly Column<ConsoleResource>[] = [
  {
    key: "id",
    title: "Id",
    hint: "Resources are numbered as they are made",
    width: "56px",
    isNumber: true,
    value: ({ id }) => id,
    cell: ({ id }) => id,
  },
  {
    key: "kind",
    title: "Kind",
    hint: "What it is",
    width: "110px",
    value: ({ kind }) => kind,
    cell: ({ kind }) => <span class="badge">{kind}</span>,
  },
  {
    key: "name",
    title: "Name",
    hint: "The name it was made with",
    width: "minmax(120px, 1fr)",
    value: ({ name }) => name ?? "\uffff",
    cell: ({ name }) => name ?? <span class="faint">unnamed</span>,
  },
  {
    key: "level",
    title: "Filled",
    hint: "Messages of a channel, readers of a lock, threads that work",
    width: "170px",
    value: (resource) => {
      const level = levelOf(resource);
      return level === undefined ? -1 : level.of === undefined ? level.size : level.size / level.of;
    },
    cell: (resource) => <Level resource={resource} />,
  },
  {
    key: "waiters",
    title: "Waiting",
    hint: "Tasks that wait for it",
    width: "84px",
    isNumber: true,
    value: ({ id }) => state.waiters(id).size,
    cell: ({ id }) => count(state.waiters(id).size),
  },
  {
    key: "holders",
    title: "Holders",
    hint: "Tasks that have its guards or permits",
    width: "84px",
    isNumber: true,
    value: ({ holders }) => holders.length,
    cell: ({ holders }) => count(holders.length),
  },
  {
    key: "attributes",
    title: "State",
    hint: "What it says of itself",
    width: "minmax(220px, 2fr)",
    value: ({ attributes }) => JSON.stringify(attributes),
    cell: ({ attributes }) => <Attributes of={attributes} />,
  },
  {
    key: "at",
    title: "Made at",
    hint: "Where it was made",
    width: "minmax(110px, 1fr)",
    value: ({ createdAt }) => createdAt ?? "\uffff",
    cell: ({ createdAt }) => createdAt !== undefined && <span title={createdAt}>{place(createdAt)}</span>,
  },
];

const RESOURCE = resourceMatchable((id) => state.waiters(id).size);

export function ResourceTable(): JSX.Element {
  const matches = useComputed(() => parseFilter(filter.value, RESOURCE)).value;
  const rows = useMemo(
    () => [...state.resources.values()].filter((each) => matches(each, state.at)),
    [tick.value, matches],
  );
  const { value: open } = opened;
  return (
    <VirtualTable
      label="Resources"
      rows={rows}
      columns={COLUMNS}
      id={({ id }) => id}
      selected={open?.what === "resource" ? open.id : null}
      onSelect={openResource}
      first="id"
      empty={
        state.resources.size === 0
          ? "No channel or lock has been made yet."
          : "No resource matches the filter."
      }
    />
  );
}
