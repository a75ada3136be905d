/** Streams under every order of what is in flight, and with any task cancelled. */
import { asyncFn, mpsc, sleep, spawn, yieldNow } from "millrace";
import { Stream } from "millrace/stream";
import { get } from "../both-styles.ts";
import { check, explored, finish } from "./explored.ts";

explored(
  "buffered keeps the order, bufferUnordered loses nothing, and not more are in flight",
  function* ({ body }) {
    let flying = 0;
    const work = asyncFn(
      body(function* (n: number) {
        check(++flying <= 2, `${flying} in flight`);
        try {
          yield* get(n === 0 ? sleep(1) : yieldNow());
        } finally {
          flying--;
        }
        return n;
      }) as (n: number) => Promise<number>,
    );
    const ordered = body(function* () {
      const all = yield* get(Stream.range(0, 3).map(work).buffered(2).collect());
      check(all.join() === "0,1,2", all.join());
    });
    yield* finish([spawn(ordered, { name: "ordered" })]);
    check(flying === 0, `${flying} are left`);
    const unordered = body(function* () {
      const all = yield* get(Stream.range(0, 3).map(work).bufferUnordered(2).collect());
      check([...all].sort((a, b) => a - b).join() === "0,1,2", all.join());
    });
    yield* finish([spawn(unordered, { name: "unordered" })]);
    check(flying === 0, `${flying} are left`);
  },
);

explored("merge gives what both give, each in its order", function* ({ body }) {
  const [tx, rx] = mpsc.channel<number>(1);
  const send = body(function* () {
    try {
      for (const n of [1, 2]) yield* get(tx.send(n));
    } finally {
      tx.close();
    }
  });
  const collect = body(function* () {
    const all = yield* get(Stream.from(rx).merge(Stream.range(10, 12)).collect());
    check(all.filter((n) => n >= 10).join() === "10,11", all.join());
    check("1,2".startsWith(all.filter((n) => n < 10).join()), all.join());
  });
  const handles = [spawn(collect, { name: "collector" }), spawn(send, { name: "sender" })];
  yield* finish(handles.slice(0, 1));
  rx.close();
  for (const handle of handles) yield* get(handle.settled());
});

explored("share gives all of it to each, whoever leaves", function* ({ body }) {
  const share = Stream.range(0, 3).share(1);
  const listen = (stream: Stream<number>) =>
    body(function* () {
      const all: number[] = [];
      yield* get(
        stream.forEach((n) => {
          all.push(n);
        }),
      );
      check(all.join() === "0,1,2", all.join());
    });
  const streams = [share(), share()];
  yield* finish(streams.map((stream, i) => spawn(listen(stream), { name: `${i}` })));
});
