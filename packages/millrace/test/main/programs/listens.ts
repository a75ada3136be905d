/** Listens to Ctrl-C itself, once, `again`, or in a listener made `early`; it has nothing else to wait for. */
import { ctrlC, main, osSignal, sleep } from "millrace";

const [, , how] = process.argv;
const early = how === "early" ? osSignal("SIGINT") : undefined;

main(async () => {
  const first = early === undefined ? ctrlC() : early.recv();
  setImmediate(() => console.log("ready"));
  await first;
  early?.[Symbol.dispose]();
  console.log("heard");
  if (how === "again") {
    const second = ctrlC();
    setImmediate(() => console.log("ready again"));
    await second;
    console.log("heard again");
  }
  if (how === "then-waits") {
    console.log("waiting");
    await sleep(1e9);
  }
});
