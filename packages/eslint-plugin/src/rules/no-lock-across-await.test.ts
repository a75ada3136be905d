import { testRule } from "../../test/cases.ts";
import { noLockAcrossAwait } from "./no-lock-across-await.ts";

const inside = (code: string) =>
  `import { Mutex, RwLock } from "millrace";\nconst m = new Mutex(0); const rw = new RwLock(0);\nasync function f() { ${code} }`;

testRule("no-lock-across-await", noLockAcrossAwait, {
  wrong: [
    {
      code: inside("using g = await m.lock(); g.value += 1; await other();"),
      says: ["held"],
      suggests: [
        {
          messageId: "block",
          output: inside("{\nusing g = await m.lock(); g.value += 1;\n} await other();"),
        },
      ],
    },
    {
      code: inside("const g = await m.lock(); g.value += 1; await other(); g.release();"),
      says: ["held"],
      suggests: [
        {
          messageId: "release",
          output: inside("const g = await m.lock(); g.value += 1; g.release();\nawait other();"),
        },
      ],
    },
    {
      code: inside("using g = await m.lock(); const n = g.value + 1; await save(n);"),
      says: ["held"],
      suggests: [],
    },
    inside("const g = await m.lock(); try { g.value = 1; await other(); } finally { g.release(); }"),
    inside("using g = await rw.write(); g.value = 1; await other();"),
    inside("using g = await rw.read(); if (g.value > 3) return; await other();"),
    inside("using g = await m.lock(); g.value++; for await (const x of xs) use(x);"),
    inside("using g = await m.lock(); g.value++; await a(); await b();"),
    inside("using g = await m.lock(); g.value = await load(); await other();"),
    inside("if (ready) { using g = await m.lock(); g.value++; await other(); }"),
    inside("for (;;) { using g = await m.lock(); g.value++; await sleep(1); }"),
    inside("using g = await m.lock(); for (const x of xs) g.value += x; await other();"),
    inside("using g = await m.lock(); g.value++; if (late) { await other(); }"),
    inside("using g = await m.lock(); log(`${g.value}`); return await other();"),
    inside("using g = await m.lock(); const s = `${g.value}`; await save(s);"),
    inside("using g = m.tryLock()!; g.value++; await other();"),
    `import { Mutex } from "millrace"; function* f(m: Mutex<number>) { using g = yield* m.lock(); g.value++; yield* other(); }`,
    `import { Mutex } from "millrace"; class C { #m = new Mutex(0); async f() { using g = await this.#m.lock(); g.value++; await other(); } }`,
    `import { Mutex as M } from "millrace"; async function f(m: M<number>) { using g = await m.lock(); g.value++; await x(); }`,
  ],
  right: [
    inside("using g = await m.lock(); g.value += 1;"),
    inside("using g = await m.lock(); await other();"),
    inside("using g = await m.lock(); g.value = await other();"),
    inside("using g = await m.lock(); await save(g.value);"),
    inside("using g = await m.lock(); const old = g.value; await save(old);"),
    inside("using g = await m.lock(); const list = g.value.items; await other(); list.push(1);"),
    inside("using g = await m.lock(); g.value = 1; await other(); g.value = 2;"),
    inside("const g = await m.lock(); g.value = 1; g.release(); await other();"),
    inside("{ using g = await m.lock(); g.value = 1; } await other();"),
    inside("using g = await m.lock(); while (more) { g.value++; await other(); }"),
    inside("using g = await m.lock(); g.value++; await use(g);"),
    inside("using g = await m.lock(); keep(g); g.value++; await other();"),
    inside("using g = await m.lock(); later(() => g.value); g.value++; await other();"),
    inside("using g = await m.lock(); const { value } = g; await other();"),
    inside(
      "const g = await m.lock(); g.value++; if (a) { g.release(); return; } await other(); g.release();",
    ),
    inside("const g = await m.lock(); g.value++; await other(); return g;"),
    inside("using g = await m.lock(); g.value++; later(async () => { await other(); });"),
    inside("using g = await m.lock(); this.last = g.value; await other();"),
    `import { Semaphore } from "millrace"; async function f(s: Semaphore) { using p = await s.acquire(); use(p.count); await other(); }`,
    `import { Mutex } from "async-mutex"; import "millrace"; async function f(m: Mutex) { using g = await m.lock(); g.value++; await other(); }`,
    inside("await m.with(async (g) => { g.value++; await other(); });"),
    inside("using g = await m.lock(); g.value++; await using other = open();").replace(
      "await using",
      "using",
    ),
  ],
});
