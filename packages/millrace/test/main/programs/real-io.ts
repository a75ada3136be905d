/** Waits for nothing but real I/O and real timers, which the runtime does not know. */
import { once } from "node:events";
import { createServer, connect, type AddressInfo } from "node:net";
import { asyncFn, fromEvent, Future, main, mpsc, PENDING, type Poll, spawn, type Waker } from "millrace";

class HostTimer extends Future<string> {
  #done: boolean = false;
  poll(waker: Waker): Poll<string> {
    if (this.#done) return "timer";
    setTimeout(() => {
      this.#done = true;
      waker.wake();
    }, 20);
    return PENDING;
  }
}
const foreign = asyncFn(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return "foreign";
});
const [, , clock] = process.argv;

main(
  function* () {
    const [tx, rx] = mpsc.channel<string>(4);
    const server = createServer((socket) => {
      setTimeout(() => socket.end("hello"), 20);
    }).listen(0, "127.0.0.1");
    yield* fromEvent(server, "listening");
    const reader = spawn(async () => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      const [data] = (await once(socket, "data")) as [Buffer];
      tx.trySend(data.toString());
    });
    console.log(yield* rx.recv());
    yield* reader;
    server.close();
    console.log(yield* new HostTimer());
    console.log(yield* foreign());
  },
  clock === "paused" ? { clock } : {},
);
