import { testRule } from "../../test/cases.ts";
import { yieldStar } from "./yield-star.ts";

const from = (names: string, code: string) => `import { ${names} } from "millrace";\n${code}`;
const inTask = (code: string) => from("main, sleep, mpsc, spawn, Mutex", `main(function* () { ${code} });`);
const actor = (factory: string) =>
  from("sleep", `import { startActor } from "millrace/actor"; startActor(${factory});`);
const star = (code: string, fixed: string) => ({ code: inTask(code), fixed: inTask(fixed), says: ["star"] });

testRule("yield-star", yieldStar, {
  wrong: [
    star("yield sleep(1);", "yield* sleep(1);"),
    star("const n = yield sleep(1).map(() => 1);", "const n = yield* sleep(1).map(() => 1);"),
    star(
      "const [tx] = mpsc.channel(1); yield tx.send(1);",
      "const [tx] = mpsc.channel(1); yield* tx.send(1);",
    ),
    star("const task = spawn(work); yield task;", "const task = spawn(work); yield* task;"),
    star("yield (sleep(1));", "yield* (sleep(1));"),
    star("yield sleep(1) as any;", "yield* sleep(1) as any;"),
    star("if (late) yield sleep(1);", "if (late) yield* sleep(1);"),
    {
      code: from("spawn, sleep", "spawn(function* () { yield sleep(1); });"),
      fixed: from("spawn, sleep", "spawn(function* () { yield* sleep(1); });"),
    },
    {
      code: from("asyncFn, sleep", "const f = asyncFn(function* (n: number) { yield sleep(n); });"),
      fixed: from("asyncFn, sleep", "const f = asyncFn(function* (n: number) { yield* sleep(n); });"),
    },
    {
      code: actor("() => ({ *nap() { yield sleep(1); } })"),
      fixed: actor("() => ({ *nap() { yield* sleep(1); } })"),
    },
    {
      code: actor("function () { const n = 1; return { nap: function* () { yield sleep(n); } }; }"),
      fixed: actor("function () { const n = 1; return { nap: function* () { yield* sleep(n); } }; }"),
    },
    {
      code: from("scope, sleep", "scope(function* (s) { yield s.spawn(work); });"),
      fixed: from("scope, sleep", "scope(function* (s) { yield* s.spawn(work); });"),
    },
    {
      code: from("sleep", "function* f() { yield* sleep(1); yield sleep(2); }"),
      fixed: from("sleep", "function* f() { yield* sleep(1); yield* sleep(2); }"),
    },
    {
      code: from("spawn, sleep", "function* work() { yield sleep(1); } spawn(work);"),
      fixed: from("spawn, sleep", "function* work() { yield* sleep(1); } spawn(work);"),
    },
    {
      code: from("sleep, type Routine", "function* work(): Routine<void> { yield sleep(1); }"),
      fixed: from("sleep, type Routine", "function* work(): Routine<void> { yield* sleep(1); }"),
    },
    {
      code: from("Mutex, spawn", "const m = new Mutex(); spawn(function* () { using g = yield m.lock(); });"),
      fixed: from(
        "Mutex, spawn",
        "const m = new Mutex(); spawn(function* () { using g = yield* m.lock(); });",
      ),
    },
    { code: inTask("(async () => { await work(); })();"), says: ["escapes"] },
    { code: inTask("void (async () => { await work(); })();"), says: ["escapes"] },
    { code: inTask("setTimeout(async () => { await work(); }, 10);"), says: ["escapes"] },
    { code: inTask("[1, 2].forEach(async (n) => { await work(n); });"), says: ["escapes"] },
    { code: inTask("server.on('request', async (r) => { await answer(r); });"), says: ["escapes"] },
    { code: inTask("queueMicrotask(async () => { for await (const x of y) use(x); });"), says: ["escapes"] },
  ],
  right: [
    inTask("yield* sleep(1);"),
    inTask("yield* sleep(1).map(() => 1);"),
    actor("() => ({ *nap() { yield* sleep(1); } })"),
    from("sleep", "const made = make(() => ({ *all() { yield sleep(1); } }));"),
    inTask("yield* spawn(async () => { await sleep(1); });"),
    inTask("yield* join(...ids.map(async (id) => { await load(id); }));"),
    inTask("const f = async () => { await work(); };"),
    inTask("setTimeout(() => tick(), 10);"),
    inTask("setTimeout(async () => { tick(); }, 10);"),
    inTask("server.on('request', (r) => queue.trySend(r));"),
    inTask("yield suspend;"),
    from("sleep", "function* futures() { yield sleep(1); yield sleep(2); }"),
    from("sleep, joinAll", "function* futures() { yield sleep(1); } await joinAll(futures());"),
    from("sleep", "async function* ticks() { yield sleep(1); }"),
    from("sleep", "async function f() { setTimeout(async () => { await sleep(1); }, 1); }"),
    `import { sleep } from "other"; import { main } from "millrace"; main(function* () { yield sleep(1); });`,
    `import { call } from "redux-saga/effects"; function* saga() { yield call(f); } // not millrace`,
    inTask("function* inner() { yield sleep(1); }"),
    inTask("(async () => { await work(); })().catch(report);"),
    inTask("stream.forEach(async (n) => { await work(n); });"),
    inTask("function later() { setTimeout(async () => { await work(); }, 1); }"),
  ],
});
