import { join, main, Mutex, sleep, spawn } from "millrace";

const a = new Mutex(0, { name: "a" });
const b = new Mutex(0, { name: "b" });

function* withBoth(first: Mutex<number>, second: Mutex<number>) {
  using held = yield* first.lock();
  yield* sleep(10);
  using alsoHeld = yield* second.lock();
  console.log("never printed");
}

await main(function* () {
  yield* join(
    spawn(() => withBoth(a, b), { name: "left" }),
    spawn(() => withBoth(b, a), { name: "right" }), // in the opposite order
  );
});
