/**
 * `npm run bench:http`: the processor time of one small JSON request, for clients and for servers, each next
 * to the base that ours stands on, in one run and in turns. A report: it exits with 0 whatever the figures
 * are. What is measured runs in a process of its own, so that the other side of the wire does not count.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Pool } from "undici";
import { median, pairedRatio } from "../statistics.ts";
import { renderTable } from "../table.ts";
import { clients } from "./clients.ts";
import type { Contender } from "./contender.ts";
import { servers } from "./servers.ts";

const REQUESTS = Number(process.env.REQUESTS ?? 2000);
const ROUNDS = Number(process.env.ROUNDS ?? 7);
/** Over the base. */
const ALLOWED = 1.1;

const answering = await started("node:http");
await table("client", clients, async ({ make }) => {
  const before = process.cpuUsage();
  await make(`http://127.0.0.1:${answering.port}/`, REQUESTS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
});
answering.process.disconnect();

const running = new Map<string, Started>();
for (const { name } of servers) running.set(name, await started(name));
await table("server", servers, async ({ name }) => {
  const server = running.get(name)!;
  const before = await used(server.process);
  await load(server.port);
  return ((await used(server.process)) - before) / REQUESTS;
});
for (const { process: child } of running.values()) child.disconnect();

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
async function load(port: number): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 20 });
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked++ < REQUESTS) await (await pool.request({ path: "/", method: "GET" })).body.dump();
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  await pool.close();
}

/** Every contender once a round; the first round warms up. */
async function table<T>(
  side: string,
  contenders: readonly Contender<T>[],
  measure: (contender: Contender<T>) => Promise<number>,
): Promise<void> {
  const rounds = contenders.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) {
      const cost = await measure(contender);
      if (round > 0) rounds[index]!.push(cost);
    }
  }
  const base = rounds[contenders.findIndex((contender) => contender.base === true)]!;
  const rows = contenders.map(({ name }, index) => {
    // Of the same round: the machine may have been busier in another.
    const ratio = pairedRatio(rounds[index]!, base);
    const isOurs = name.startsWith("@millrace");
    const mark = !isOurs ? "" : ratio <= ALLOWED ? "ok" : `over ${ALLOWED}`;
    return [name, median(rounds[index]!).toFixed(0), ratio.toFixed(2), mark];
  });
  console.log(`\n${renderTable([side, "µs a request", "of the base", "allowed 1.10"], rows)}`);
}
