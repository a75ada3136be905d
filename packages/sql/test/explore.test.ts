/** The pool under every order of those who want a connection, with and without one of them being cancelled. */
import { asyncFn, yieldNow, spawn, type Routine } from "millrace";
import type { Connection } from "../src/connection.ts";
import { Pool } from "../src/pool.ts";
import { check, explored, finish } from "../../millrace/test/explore/explored.ts";
import { get, type Steps, type Style } from "../../millrace/test/both-styles.ts";

/** Connections that open and close in a turn of their own, and count themselves. */
class Connections {
  opened: number = 0;
  open: number = 0;
  most: number = 0;
  readonly pool: Pool;
  constructor(size: number) {
    const open = (): Routine<Connection> => this.#open();
    this.pool = new Pool("a fake", open, { size, acquireTimeout: 1000, idleTimeout: Infinity });
  }
  *#open(): Routine<Connection> {
    yield* yieldNow();
    this.opened++;
    this.open++;
    this.most = Math.max(this.most, this.open);
    let isOpen = true;
    const end = (): void => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    const close = asyncFn(function* () {
      yield* yieldNow();
      end();
    });
    return {
      isReady: true,
      isInTransaction: false,
      run: () => {
        throw new Error("nothing is executed here");
      },
      destroy: end,
      close,
    } as unknown as Connection;
  }
}

/** Holds a connection for a turn; tells the most that were held at once. */
function user(connections: Connections, held: { now: number; most: number }): () => Routine<string> {
  return function* () {
    using _lease = yield* connections.pool.lease();
    held.now++;
    held.most = Math.max(held.most, held.now);
    try {
      yield* yieldNow();
      return "served";
    } finally {
      held.now--;
    }
  };
}

for (const size of [1, 2]) {
  explored(`whoever wants one of ${size} connections gets one, and all come back`, function* (style) {
    const connections = new Connections(size);
    const held = { now: 0, most: 0 };
    const served = yield* finish(
      [1, 2, 3].map((n) =>
        spawn(
          style.body(() => inStyle(style, user(connections, held))),
          { name: `${n}` },
        ),
      ),
    );
    check(
      served.every((each) => each === "served"),
      `served: ${served.join()}`,
    );
    check(held.most <= size && connections.most <= size, `${held.most} held, ${connections.most} open`);
    check(connections.pool.leased === 0, `${connections.pool.leased} were not given back`);
    yield* get(asyncFn(() => connections.pool.close())());
    check(connections.open === 0, `${connections.open} stay open`);
  });
}

explored("closing waits for those who have one, and refuses the rest", function* (style) {
  const connections = new Connections(1);
  const held = { now: 0, most: 0 };
  const using = spawn(style.body(() => inStyle(style, user(connections, held))));
  const closing = spawn(
    style.body(function* () {
      yield* get(asyncFn(() => connections.pool.close())());
      check(held.now === 0, "closed under somebody's hands");
    }),
  );
  yield* get(using.settled());
  yield* get(closing.settled());
  yield* get(asyncFn(() => connections.pool.close())());
  check(connections.open === 0, `${connections.open} stay open`);
});

/** The routine as a call, which both styles wait for. */
function* inStyle<T>(_style: Style, routine: () => Routine<T>): Steps<T> {
  return yield* get(asyncFn(routine)());
}
