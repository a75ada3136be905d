/**
 * `npm run bench:http`: the processor time of one small JSON request, for clients and for servers, each next
 * to the base that ours stands on. Everybody takes short turns in an order that is shuffled in each round, so
 * that whatever disturbs the machine disturbs all alike; what counts is the median of the ratios of a round,
 * within the interval that holds it in 95 of 100 cases. What is measured runs in a process of its own, so that
 * the other side of the wire does not count. A report: it exits with 0 whatever the figures are.
 *
 * Garbage is collected before each figure, far more often than in a program; the engine would drop the code of
 * whoever has not had a turn for some collections, and compile it anew in his next one. The script says that it
 * must not.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Pool } from "undici";
import { median, medianInterval, pairedRatios } from "../statistics.ts";
import { renderTable } from "../table.ts";
import { clients } from "./clients.ts";
import { processorTime } from "./processor-time.ts";
import type { Contender } from "./contender.ts";
import { servers } from "./servers.ts";

/** In a turn. */
const REQUESTS = Number(process.env.REQUESTS ?? 300);
const ROUNDS = Number(process.env.ROUNDS ?? 60);
/** Turns of each before the first round. */
const WARM_UP = 8;
/** Over the base. */
const ALLOWED = 1.1;

const answering = await started("node:http");
await table("client", clients, async ({ make }) => {
  const before = await processorTime();
  await make(`http://127.0.0.1:${answering.port}/`, REQUESTS);
  return ((await processorTime()) - before) / REQUESTS;
});
answering.process.disconnect();

const running = new Map<string, Started & { readonly pool: Pool }>();
for (const { name } of servers) {
  const server = await started(name);
  const pool = new Pool(`http://127.0.0.1:${server.port}`, { connections: 20 });
  running.set(name, { ...server, pool });
}
await table("server", servers, async ({ name }) => {
  const server = running.get(name)!;
  const before = await used(server.process);
  await load(server.pool);
  return ((await used(server.process)) - before) / REQUESTS;
});
for (const { process: child, pool } of running.values()) {
  await pool.close();
  child.disconnect();
}

interface Started {
  readonly process: ChildProcess;
  readonly port: number;
}

async function started(name: string): Promise<Started> {
  const child = fork(fileURLToPath(new URL("server-process.ts", import.meta.url)), [name]);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { process: child, port };
}

async function used(child: ChildProcess): Promise<number> {
  child.send("used");
  const [message] = (await once(child, "message")) as [{ used: number }];
  return message.used;
}

/** As cheap a client as there is. */
async function load(pool: Pool): Promise<void> {
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked++ < REQUESTS) await (await pool.request({ path: "/", method: "GET" })).body.dump();
  };
  await Promise.all(Array.from({ length: 20 }, worker));
}

async function table<T>(
  side: string,
  contenders: readonly Contender<T>[],
  measure: (contender: Contender<T>) => Promise<number>,
): Promise<void> {
  const costs = new Map(contenders.map((contender) => [contender, [] as number[]]));
  for (let turn = 0; turn < WARM_UP; turn++) for (const each of contenders) await measure(each);
  for (let round = 0; round < ROUNDS; round++)
    for (const each of shuffled(contenders)) costs.get(each)!.push(await measure(each));
  const bases = contenders.filter(({ base }) => base !== undefined);
  const rows = contenders.map((contender) => {
    const own = costs.get(contender)!;
    const ratios = bases.map((base) => pairedRatios(own, costs.get(base)!));
    const mark = contender.isOurs === true ? verdict(ratios.at(-1)!) : "";
    return [contender.name, median(own).toFixed(0), ...ratios.map(withInterval), mark];
  });
  const header = [
    side,
    "µs a request",
    ...bases.map(({ base }) => `of ${base}`),
    `allowed ${ALLOWED} of that`,
  ];
  console.log(`\n${renderTable(header, rows)}`);
}

function withInterval(ratios: readonly number[]): string {
  const [low, high] = medianInterval(ratios);
  return `${median(ratios).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function verdict(ratios: readonly number[]): string {
  const [low, high] = medianInterval(ratios);
  return high <= ALLOWED ? "ok" : low > ALLOWED ? `over ${ALLOWED}` : "not certain";
}

function shuffled<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => ({ value, key: Math.random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ value }) => value);
}
