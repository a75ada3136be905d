/** What is shown of each resource. */
import type { ConsoleResource, ConsoleState } from "@millrace/console";
import type { Column } from "./table.ts";

export interface ResourceRow {
  readonly resource: ConsoleResource;
  readonly waiters: readonly string[];
  readonly holders: readonly string[];
}

export function resourceRows(state: ConsoleState): ResourceRow[] {
  const name = (id: number): string => {
    const task = state.tasks.get(id);
    return task?.name === undefined ? `#${id}` : `#${id} '${task.name}'`;
  };
  return [...state.resources.values()].map((resource) => ({
    resource,
    waiters: Array.from(state.waiters(resource.id), name),
    holders: resource.holders.map(name),
  }));
}

export const resourceColumns: readonly Column<ResourceRow>[] = [
  {
    key: "id",
    title: "ID",
    isRight: true,
    text: ({ resource }) => String(resource.id),
    order: ({ resource }) => -resource.id,
  },
  {
    key: "kind",
    title: "KIND",
    text: ({ resource }) => resource.kind,
    order: ({ resource }) => resource.kind,
  },
  {
    key: "name",
    title: "NAME",
    text: ({ resource }) => resource.name ?? "",
    order: ({ resource }) => resource.name ?? "\uffff",
  },
  {
    key: "waiters",
    title: "WAITING",
    isRight: true,
    text: ({ waiters }) => String(waiters.length),
    order: ({ waiters }) => waiters.length,
  },
  {
    key: "holders",
    title: "HELD BY",
    text: ({ holders }) => few(holders),
    order: ({ holders }) => holders.length,
  },
  {
    key: "attributes",
    title: "IS",
    text: ({ resource, waiters }) => {
      const attributes = Object.entries(resource.attributes).map(([name, value]) => `${name} ${value}`);
      const waiting = waiters.length === 0 ? [] : [`waited for by ${few(waiters)}`];
      const made = resource.createdAt === undefined ? [] : [`made at ${resource.createdAt}`];
      return [...attributes, ...waiting, ...made].join(", ");
    },
    order: ({ resource }) => Number(resource.attributes.size ?? 0),
  },
];

function few(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(", ")
    : `${names.slice(0, 2).join(", ")} and ${names.length - 2} others`;
}
