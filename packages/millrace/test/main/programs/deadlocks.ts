/** Can never finish: a `cycle` of joins, `locks` taken in opposite order, a `channel` nobody sends to, a `promise` nobody resolves, a `shield` nothing gets through. */
import { type JoinHandle, main, mpsc, Mutex, pending, shield, sleep, spawn } from "millrace";

const [, , how] = process.argv;

main(async () => {
  if (how === "cycle") {
    const handles: JoinHandle<void>[] = [];
    handles.push(
      spawn(
        async () => {
          await handles[1];
        },
        { name: "chicken" },
      ),
      spawn(
        function* () {
          yield* handles[0]!;
        },
        { name: "egg" },
      ),
    );
    await handles[0];
  }
  if (how === "locks") {
    const [left, right] = [new Mutex(), new Mutex()];
    const both = async (one: Mutex, other: Mutex): Promise<void> => {
      using _one = await one.lock();
      await sleep(1);
      using _other = await other.lock();
    };
    const fork = spawn(() => both(left, right), { name: "fork" });
    spawn(() => both(right, left), { name: "knife" });
    await fork;
  }
  if (how === "channel") {
    const [tx, rx] = mpsc.channel<number>(4);
    try {
      await rx.recv();
    } finally {
      console.log("unwound");
      tx.close();
    }
  }
  if (how === "shield") await shield(() => pending());
  if (how === "promise") await new Promise(() => {});
});
