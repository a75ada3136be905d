import { enable } from "millrace/diagnostics";
import { run } from "../bundles/recorded.ts";
import { watched } from "../watched.ts";
import { bundled } from "../without-hooks.ts";
import { type Contender, sumBelow, type Workload } from "../workload.ts";

/** What recording costs: without it, with counts and times alone, with source positions as well, and looked at. */
const levels: readonly (readonly [name: string, how: string, record: () => Promise<AsyncDisposable>])[] = [
  ["off", "without a recording", async () => nothing],
  ["stacks: false", "enable({ stacks: false }): counts and times", async () => recorded(false)],
  [
    "stacks: false, one looks",
    "the same, and a reader in another process is connected to its console",
    async () => await watched(false),
  ],
  ["on", "enable(): source positions and futures that are never awaited as well", async () => recorded(true)],
  [
    "on, one looks",
    "the same, and a reader in another process is connected to its console",
    async () => await watched(true),
  ],
];

const nothing: AsyncDisposable = { async [Symbol.asyncDispose]() {} };
function recorded(stacks: boolean): AsyncDisposable {
  const recording = enable({ stacks });
  return {
    async [Symbol.asyncDispose]() {
      recording[Symbol.dispose]();
    },
  };
}

function contenders(what: "spawns" | "messages"): Contender[] {
  return levels.map(([name, how, prepare]) => ({
    column: "yield*",
    name,
    how,
    prepare,
    run: (operations) => run(what, operations),
  }));
}

/** The library as it is, off, and without the places where a recorder plugs in. */
function offAndOut(what: "spawns" | "messages"): Contender[] {
  const variants = [
    ["peer", "hooks taken out", "taken out"],
    ["yield*", "off", "as they are"],
  ] as const;
  return variants.map(([column, name, hooks]) => {
    let program: ReturnType<typeof bundled> | undefined;
    return {
      column,
      name,
      how: `the library with its hooks ${hooks}, bundled; nothing records`,
      run: async (operations) => await (await (program ??= bundled(hooks))).run(what, operations),
    };
  });
}

const spawns = {
  operation: "a task spawned that yields once, and joined",
  checksum: (operations: number) => operations,
} as const;
const messages = { operation: "a message sent and received", checksum: sumBelow } as const;

const off = {
  quickOperations: 20_000,
  operations: 100_000,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
} as const;

export const unrecordedSpawns: Workload = {
  ...off,
  ...spawns,
  name: "diagnostics off: spawn, sleep and join",
  contenders: offAndOut("spawns"),
};
export const unrecordedChannel: Workload = {
  ...off,
  ...messages,
  name: "diagnostics off: bounded channel",
  contenders: offAndOut("messages"),
};

/** A process of its own for each: what has recorded once is compiled for it. */
const on = {
  quickOperations: 20_000,
  operations: 50_000,
  method: "fresh process",
  measures: [{ metric: "cpu", required: [] }],
} as const;

export const recordedSpawns: Workload = {
  ...on,
  ...spawns,
  name: "diagnostics: spawn, sleep and join",
  contenders: contenders("spawns"),
};
export const recordedChannel: Workload = {
  ...on,
  ...messages,
  name: "diagnostics: bounded channel",
  contenders: contenders("messages"),
};
