/** The child process: does the job it is given, prints the result as JSON and ends, whatever still waits. */
import { writeSync } from "node:fs";
import { type Job, perform } from "./job.ts";

const job = JSON.parse(process.argv[2]!) as Job;
writeSync(1, JSON.stringify(await perform(job)));
process.exit(0);
