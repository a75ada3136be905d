/**
 * Runs programs of the guide in virtual time, one after the other in this process, and prints what each wrote
 * to the console as JSON: `node --conditions=@millrace/source docs/test/run.ts FILE...`
 *
 * Their `main` finds the launch record that `millrace run --paused --seed 1` leaves, too.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

Object.assign(globalThis, { [Symbol.for("millrace.launch")]: { seed: 1, clock: "paused" } });

const { log } = console;
const printed: Record<string, string> = {};
for (const file of process.argv.slice(2)) {
  let text = "";
  console.log = (...args) => void (text += `${format(...args)}\n`);
  await import(pathToFileURL(resolve(file)).href);
  printed[file] = text;
}
log(JSON.stringify(printed));
