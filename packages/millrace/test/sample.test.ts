/** The contract's sample program, as far as it is built: it must compile as it stands, and do what it says. */
import {
  asyncFn,
  ctrlC,
  type JoinHandle,
  join,
  JoinSet,
  mpsc,
  oneshot,
  race,
  Runtime,
  scope,
  select,
  Semaphore,
  sleep,
  spawn,
  timeout,
  tryJoin,
} from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";

interface User {
  id: number;
  name: string;
}
const fetchUser = asyncFn(async (id: number): Promise<User> => ({ id, name: `u${id}` }));
const fetchUserG = asyncFn(function* (id: number) {
  yield* sleep(100);
  return { id, name: "g" } satisfies User;
});

/** Each variable is annotated, so that inference is under test as well. */
async function demo() {
  const [a, b, c] = await join(fetchUser(1), fetchUserG(2), Promise.resolve("x"));
  const n: number = a.id + b.id;
  const s: string = c;
  const h = spawn(async () => 42);
  const v: number = await h;
  const h2: JoinHandle<string> = spawn(function* () {
    yield* sleep(1);
    return "x";
  });
  const h3 = spawn(sleep(10));
  const nothing: void = await h3;
  const winner = await select({
    op: fetchUser(1),
    stop: ctrlC(),
    off: false as const,
    maybe: n > 100 ? h2 : undefined,
  });
  let selected: User | string | undefined;
  switch (winner.key) {
    case "op": {
      const user: User = winner.value;
      selected = user;
      break;
    }
    case "stop": {
      const stopped: void = winner.value;
      selected = String(stopped);
      break;
    }
    case "maybe": {
      const text: string = winner.value;
      selected = text;
      break;
    }
    case "off":
      break;
  }
  const t: User = await timeout(5000, fetchUser(3));
  const r = await race(fetchUser(1), sleep(5));
  const raced: string | undefined = r ? r.name : undefined;
  const set = new JoinSet<User>();
  for (const id of [1, 2, 3]) set.spawn(fetchUser(id));
  const joined: string[] = [];
  for await (const outcome of set) if (outcome.status === "fulfilled") joined.push(outcome.value.name);
  const all: User[] = await set.joinAll();
  const [tx, rx] = mpsc.channel<number>(32);
  spawn(async () => {
    for (let i = 0; i < 10; i++) await tx.send(i);
    tx.close();
  });
  const received: number[] = [];
  for await (const x of rx) received.push(x);
  const got: number | undefined = await rx.recv();
  const tried = rx.tryRecv();
  const why: number | "empty" | "closed" = tried.ok ? tried.value : tried.reason;
  const sc: number = await scope(async (tasks) => {
    const child = tasks.spawn(async () => 1);
    return await child;
  });
  const limit = new Semaphore(2);
  const limited: string = await limit.with(async () => "limited");
  const [otx, orx] = oneshot.channel<string>();
  otx.send("x");
  const os: string = await orx;
  return {
    n,
    s,
    v,
    h2: await h2,
    nothing,
    selected,
    t,
    raced,
    joined,
    all,
    received,
    got,
    why,
    sc,
    limited,
    os,
  };
}

const expected = {
  n: 3,
  s: "x",
  v: 42,
  h2: "x",
  nothing: undefined,
  selected: { id: 1, name: "u1" },
  t: { id: 3, name: "u3" },
  raced: "u1",
  joined: ["u1", "u2", "u3"],
  all: [],
  received: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  got: undefined,
  why: "closed",
  sc: 1,
  limited: "limited",
  os: "x",
};

test("the sample runs on a runtime", async () => {
  await using runtime = new Runtime();
  expect(await runtime.run(demo)).toEqual(expected);
});

test("the sample runs under virtual time", async () => {
  expect(await paused(demo)).toEqual(expected);
});

test("the sample runs outside of any task, on the default runtime", async () => {
  expect(await demo()).toEqual(expected);
});

test("the sample's generator main gives typed results", async () => {
  const result = await paused(function* () {
    const u = yield* fetchUser(1);
    const name: string = u.name;
    const [x, y] = yield* tryJoin(fetchUser(1), fetchUserG(2));
    const id: number = x.id + y.id;
    return [name, id] as const;
  });
  expect(result).toEqual(["u1", 3]);
});
