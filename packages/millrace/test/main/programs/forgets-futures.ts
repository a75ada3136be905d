/** A script without `main` that forgets some of the futures it makes; `fails` ends it before it uses the others. */
import { asyncFn, sleep, spawn } from "millrace";
import { enable, subscribe } from "millrace/diagnostics";

subscribe((event) => {
  if (event.type === "warning" && event.warning.lint === "never-awaited") console.log(event.warning.message);
});
enable();

const work = asyncFn(async () => "done");
const later = [work(), work(), work()] as const;
export const forgotten = work();
sleep(5);
await sleep(1);
if (process.argv[2] === "fails") throw new Error("boom");
await later[0];
await spawn(function* () {
  yield* later[1];
});
later[2].drop();
