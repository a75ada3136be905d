import { join, main, Mutex, sleep, spawn } from "millrace";

const a = new Mutex(0, { name: "a" });
const b = new Mutex(0, { name: "b" });

async function withBoth(first: Mutex<number>, second: Mutex<number>): Promise<void> {
  using held = await first.lock();
  await sleep(10);
  using alsoHeld = await second.lock();
  console.log("never printed");
}

await main(async () => {
  await join(
    spawn(() => withBoth(a, b), { name: "left" }),
    spawn(() => withBoth(b, a), { name: "right" }), // in the opposite order
  );
});
