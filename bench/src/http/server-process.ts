/** Runs the server that its argument names; on any message says how much processor time it has used, in µs. */
import { servers } from "./servers.ts";

const contender = servers.find(({ name }) => name === process.argv[2])!;
const port = await contender.make();
const used = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
process.on("message", () => process.send!({ used: used() }));
process.on("disconnect", () => process.exit());
process.send!({ port });
