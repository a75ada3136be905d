/** Two listeners for one signal; the first leaves after the first delivery. */
import { main, osSignal, spawn } from "millrace";

main(async () => {
  const first = spawn(async () => {
    const listener = osSignal("SIGUSR2");
    await listener.recv();
    listener[Symbol.dispose]();
    console.log("first: 1");
  });
  const second = spawn(async () => {
    let count = 0;
    for await (const _ of osSignal("SIGUSR2")) {
      console.log(`second: ${++count}`);
      if (count === 3) break;
    }
  });
  setImmediate(() => console.log("ready"));
  await first;
  await second;
});
