/** Channels under every order of their users, and with any of them cancelled: nothing is lost, nobody stuck. */
import {
  LaggedError,
  broadcast,
  mpsc,
  oneshot,
  select,
  sleep,
  spawn,
  timeout,
  watch,
  yieldNow,
} from "millrace";
import { describe } from "vitest";
import { get, type Steps } from "../both-styles.ts";
import { check, explored, finish } from "./explored.ts";

/** Takes until the channel ends. */
function* drain<T extends {} | null>(rx: mpsc.Receiver<T>, into: T[]): Steps<void> {
  for (;;) {
    const message = yield* get(rx.recv());
    if (message === undefined) return;
    into.push(message);
  }
}

describe("mpsc", () => {
  explored("what two senders have sent is received once, in their orders", function* ({ body }) {
    const [tx, rx] = mpsc.channel<string>(1);
    const sent: string[] = [];
    const senders = ["a", "b"].map((name) => {
      const mine = tx.clone();
      return spawn(
        body(function* () {
          try {
            for (const n of [1, 2]) {
              yield* get(mine.send(`${name}${n}`));
              sent.push(`${name}${n}`);
            }
          } finally {
            mine.close();
          }
        }),
        { name },
      );
    });
    tx.close();
    const received: string[] = [];
    yield* drain(rx, received);
    yield* finish(senders);
    for (const name of ["a", "b"]) {
      const from = (all: string[]) => all.filter((each) => each.startsWith(name)).join();
      // A send that was cancelled has put nothing in, or has done so before it was cancelled.
      check(from(received).startsWith(from(sent)), `sent ${sent.join()}, received ${received.join()}`);
      check(received.length <= sent.length + 1, `more received than sent: ${received.join()}`);
    }
  });

  explored("a slot reserved and given back reaches whoever waits", function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const reserve = body(function* () {
      const permit = yield* get(tx.reserve());
      try {
        yield* get(yieldNow());
      } finally {
        permit.release();
      }
    });
    const send = body(function* () {
      const permit = yield* get(tx.reserve());
      permit.send(1);
    });
    const tasks = [reserve, send, reserve].map((each, i) => spawn(each, { name: `${i}` }));
    const message = yield* get(timeout(1, rx.recv()).settled());
    yield* finish(tasks);
    check(message.status === "fulfilled" || rx.size === 0, "the message is late");
    check(tx.capacity === 1, `${tx.capacity} slots of 1 are free`);
  });

  explored("several slots are reserved together or not at all", function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(2);
    const both = body(function* () {
      for (const permit of yield* get(tx.reserveMany(2))) permit.send(1);
    });
    const one = body(function* () {
      yield* get(tx.send(2));
    });
    const handles = [spawn(both, { name: "both" }), spawn(one, { name: "one" })];
    const take = spawn(
      body(function* () {
        const into: number[] = [];
        yield* get(rx.recvMany(into, 3));
      }),
      { name: "taker" },
    );
    yield* finish([take]);
    while (rx.tryRecv().ok) yield* get(yieldNow());
    rx.close();
    for (const { status } of [yield* get(handles[0]!.settled()), yield* get(handles[1]!.settled())])
      check(status !== "rejected" || rx.isClosed, "failed while it was open");
    while (rx.tryRecv().ok);
    check(rx.size === 0, "something is left");
  });

  explored("a closed receiver lets every sender go", function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    const send = body(function* () {
      for (const n of [1, 2]) if ((yield* get(tx.send(n).settled())).status === "rejected") return;
    });
    const close = body(function* () {
      yield* get(rx.recv());
      rx.close();
    });
    const watchful = body(function* () {
      yield* get(tx.closed());
    });
    const closer = spawn(close, { name: "closer" });
    const handles = [spawn(send, { name: "a" }), spawn(send, { name: "b" }), spawn(watchful, { name: "w" })];
    yield* finish([closer]);
    rx.close();
    yield* finish(handles);
  });

  explored("an unbounded one loses nothing to a receiver that is abandoned", function* ({ body }) {
    const [tx, rx] = mpsc.unbounded<number>();
    const received: number[] = [];
    const take = body(function* () {
      for (;;) {
        const { key, value } = yield* get(select({ message: rx.recv(), late: sleep(1) }));
        if (key === "late") continue;
        if (value === undefined) return;
        received.push(value);
      }
    });
    const send = body(function* () {
      try {
        tx.send(1);
        yield* get(sleep(1));
        tx.send(2);
      } finally {
        tx.close();
      }
    });
    yield* finish([spawn(take, { name: "taker" }), spawn(send, { name: "sender" })]);
    yield* drain(rx, received);
    check("12".startsWith(received.join("")), `received ${received.join()}`);
  });
});

describe("oneshot", () => {
  explored("a value arrives, or both sides know that it will not", function* ({ body }) {
    const [tx, rx] = oneshot.channel<number>();
    const send = body(function* () {
      try {
        yield* get(yieldNow());
        return tx.send(1) ? "sent" : "gone";
      } finally {
        tx.close();
      }
    });
    const receive = body(function* () {
      return (yield* get(rx.settled())).status === "fulfilled" ? "received" : "none";
    });
    const ends = yield* finish([spawn(send, { name: "tx" }), spawn(receive, { name: "rx" })]);
    check(!ends.includes("received") || ends.includes("sent") || ends.length < 2, ends.join());
  });

  explored("closed() wakes a sender whose receiver has given up", function* ({ body }) {
    const [tx, rx] = oneshot.channel<number>();
    const receive = body(function* () {
      yield* get(timeout(1, rx).settled());
    });
    const receiver = spawn(receive, { name: "rx" });
    const sender = spawn(
      body(function* () {
        yield* get(tx.closed());
      }),
      { name: "tx" },
    );
    yield* finish([receiver]);
    rx.close();
    yield* finish([sender]);
  });
});

describe("broadcast", () => {
  explored(
    "those who wait on one receiver get one message each, whoever is polled first",
    function* ({ body }) {
      const [tx, rx] = broadcast.channel<number>(4);
      const take = body(function* () {
        return yield* get(rx.recv());
      });
      const takers = [0, 1, 2].map((i) => spawn(take, { name: `taker${i}` }));
      const sender = spawn(
        body(function* () {
          tx.send(1);
          yield* get(yieldNow());
          tx.send(2);
          tx.send(3);
        }),
        { name: "sender" },
      );
      yield* finish([sender]);
      // So that nobody waits for what a cancelled sender did not send.
      tx.close();
      const got = (yield* finish(takers)).filter((message) => message !== undefined);
      const rest: number[] = [];
      for (let left = rx.tryRecv(); left.ok; left = rx.tryRecv()) rest.push(left.value);
      const all = [...got, ...rest];
      check(new Set(all).size === all.length, `one came twice: ${all.join()}`);
      check(
        all.toSorted((a, b) => a - b).join() === [1, 2, 3].slice(0, all.length).join(),
        `lost: ${all.join()}`,
      );
      if (got.length === 3) check(rest.length === 0, "too many");
    },
  );

  explored("each receiver gets all of it, or is told what it has missed", function* ({ body }) {
    const [tx, first] = broadcast.channel<number>(2);
    const listen = (rx: broadcast.Receiver<number>) =>
      body(function* () {
        let count = 0;
        for (;;) {
          const got = yield* get(rx.recv().settled());
          if (got.status === "cancelled") return count;
          if (got.status === "rejected") {
            if (!(got.reason instanceof LaggedError)) throw got.reason;
            count += got.reason.missed;
          } else if (got.value === undefined) {
            check(count === 3, `${count} of 3`);
            return count;
          } else count++;
        }
      });
    const listeners = [first, tx.subscribe()].map((rx, i) => spawn(listen(rx), { name: `rx${i}` }));
    const send = body(function* () {
      try {
        for (const n of [1, 2, 3]) {
          tx.send(n);
          if (n === 1) yield* get(yieldNow());
        }
      } finally {
        if (tx.size < 2) for (const n of [2, 3]) tx.send(n);
        tx.close();
      }
    });
    yield* finish([spawn(send, { name: "tx" })]);
    yield* finish(listeners);
  });
});

describe("watch", () => {
  explored("the latest value is always seen", function* ({ body }) {
    const [tx, rx] = watch.channel(0);
    const send = body(function* () {
      try {
        tx.send(1);
        yield* get(yieldNow());
      } finally {
        tx.send(2);
      }
    });
    const wait = (mine: watch.Receiver<number>) =>
      body(function* () {
        while (mine.borrowAndUpdate() !== 2) yield* get(mine.changed());
      });
    const handles = [spawn(wait(rx), { name: "a" }), spawn(wait(rx.clone()), { name: "b" })];
    yield* finish([spawn(send, { name: "tx" }), ...handles]);
    tx.close();
  });

  explored("waitFor ends with the value, and closed() with the last receiver", function* ({ body }) {
    const [tx, rx] = watch.channel(0);
    const wait = body(function* () {
      try {
        check((yield* get(rx.waitFor((value) => value > 0))) === 1, "not the value");
      } finally {
        rx.close();
      }
    });
    const gone = body(function* () {
      yield* get(tx.closed());
    });
    const waiting = [spawn(wait, { name: "rx" }), spawn(gone, { name: "tx" })];
    yield* get(yieldNow());
    tx.send(1);
    yield* finish(waiting);
    check(tx.receiverCount === 0, "a receiver is left");
  });
});
