/** Listens to SIGINT for a while, then not any more: the next one is the host's own business. */
import { ctrlC, osSignal, select, sleep } from "millrace";

await select({ work: sleep(1), stop: ctrlC() });
const listener = osSignal("SIGINT");
const waiting = listener.recv();
await select({ work: sleep(1), stop: waiting.ref() });
waiting[Symbol.dispose]();
listener[Symbol.dispose]();
console.log("ready");
setTimeout(() => console.log("never"), 100_000);
