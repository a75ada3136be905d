/** Runs the server that its argument names; on any message says how much processor time it has used, in µs. */
import { processorTime } from "./processor-time.ts";
import { servers } from "./servers.ts";

const contender = servers.find(({ name }) => name === process.argv[2])!;
const port = await contender.make();
process.on("message", async () => process.send!({ used: await processorTime() }));
process.on("disconnect", () => process.exit());
process.send!({ port });
