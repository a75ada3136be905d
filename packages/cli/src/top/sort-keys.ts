/** What `--sort` takes: the columns of the tasks, in their order. */
export const sortKeys = [
  "id",
  "name",
  "state",
  "now",
  "busy",
  "polls",
  "longest",
  "scheduled",
  "wakes",
  "waits",
] as const;
export type SortKey = (typeof sortKeys)[number];
