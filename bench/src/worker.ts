/** The child process: does the job it is given, prints each result as a line of JSON and ends, whatever still waits. */
import { writeSync } from "node:fs";
import { type Job, perform } from "./job.ts";

const job = JSON.parse(process.argv[2]!) as Job;
for await (const result of perform(job)) writeSync(1, `${JSON.stringify(result)}\n`);
process.exit(0);
