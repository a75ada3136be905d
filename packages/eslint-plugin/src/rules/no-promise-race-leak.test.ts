import { testRule } from "../../test/cases.ts";
import { noPromiseRaceLeak } from "./no-promise-race-leak.ts";

const before = "async function f(stop: Promise<void>, queue: any) {\n";
const inside = (code: string) => `${before}${code}\n}`;

testRule("no-promise-race-leak", noPromiseRaceLeak, {
  wrong: [
    {
      code: inside("while (true) await Promise.race([queue.next(), stop]);"),
      says: ["leak"],
      suggests: [
        {
          messageId: "replace",
          output: `import { race } from "millrace";\n${inside("while (true) await race(queue.next(), stop);")}`,
        },
      ],
    },
    {
      code: `import { sleep as nap } from "millrace";\n${inside("for (;;) await Promise.any([nap(1), stop]);")}`,
      says: ["leak"],
      suggests: [
        {
          messageId: "replace",
          output: `import { sleep as nap, any } from "millrace";\n${inside("for (;;) await any(nap(1), stop);")}`,
        },
      ],
    },
    {
      code: `import * as m from "millrace";\n${inside("for (;;) await Promise.race([stop]);")}`,
      says: ["leak"],
      suggests: [
        {
          messageId: "replace",
          output: `import * as m from "millrace";\n${inside("for (;;) await m.race(stop);")}`,
        },
      ],
    },
    { code: inside("for (;;) await Promise.race([...list, stop]);"), says: ["leak"], suggests: [] },
    inside("do { await Promise.race([queue.next(), stop]); } while (true);"),
    inside("for (const item of queue) await Promise.race([send(item), stop]);"),
    inside("for (const key in queue) await Promise.race([send(key), stop]);"),
    inside("for await (const item of queue) await Promise.race([send(item), stop]);"),
    inside("while (true) { const first = await Promise.race([stop, queue.next()]); use(first); }"),
    inside("while (true) { if (await Promise.race([queue.ready(), stop])) break; }"),
    inside("while (await Promise.race([queue.next(), stop])) use();"),
    inside("const both = [stop, other]; while (true) await Promise.race(both);"),
    "class C { async f() { while (true) await Promise.race([this.next(), this.closed]); } }",
    "class C { async f() { while (true) await Promise.race([this.next(), this.#closed]); } #closed; }",
    inside("const closed = once(queue, 'close'); while (true) await Promise.any([queue.next(), closed]);"),
    inside("while (true) await Promise.race([queue.next(), queue.closed]);"),
    inside("while (true) { try { await Promise.race([queue.next(), stop!]); } catch {} }"),
    inside("for (let i = 0; i < 9; i++) { await Promise.race([queue.next(), stop as Promise<any>]); }"),
  ],
  right: [
    inside("await Promise.race([queue.next(), stop]);"),
    inside("while (true) await Promise.race([queue.next(), sleep(10)]);"),
    inside("while (true) { const late = sleep(10); await Promise.race([queue.next(), late]); }"),
    inside("while (true) await Promise.all([queue.next(), stop]);"),
    inside("while (true) await Promise.allSettled([queue.next(), stop]);"),
    inside(
      "let next = queue.next(); while (true) { await Promise.race([next, sleep(1)]); next = queue.next(); }",
    ),
    inside("const running = new Set(); while (true) await Promise.race(running);"),
    inside("const running = []; while (true) { running.push(queue.next()); await Promise.race(running); }"),
    inside("for (const task of queue) await Promise.race([task, sleep(10)]);"),
    inside("while (true) { later(async () => { await Promise.race([queue.next(), stop]); }); }"),
    inside("for (const first of await Promise.race([queue.list(), stop])) use(first);"),
    inside("for (let i = await Promise.race([stop, queue.next()]); i < 3; i++) use(i);"),
    `import { race } from "millrace"; ${inside("while (true) await race(queue.next(), stop);")}`,
    inside("const Promise = queue; while (true) await Promise.race([queue.next(), stop]);"),
    inside("while (true) await Bluebird.race([queue.next(), stop]);"),
    inside("while (true) await Promise.race(queue.list);"),
    inside("while (true) await Promise.race([queue.waiting[0], queue.next()].map(String));"),
    inside("while (true) await Promise.race();"),
  ],
});
