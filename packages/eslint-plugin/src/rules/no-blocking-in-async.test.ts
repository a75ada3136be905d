import { testRule } from "../../test/cases.ts";
import { noBlockingInAsync } from "./no-blocking-in-async.ts";

const fs = (code: string) => `import fs from "node:fs";\n${code}`;

testRule("no-blocking-in-async", noBlockingInAsync, {
  wrong: [
    {
      code: fs("async function f() { return fs.readFileSync('a'); }"),
      says: ["blocks"],
      suggests: [
        {
          messageId: "asynchronous",
          output: fs("async function f() { return await fs.promises.readFile('a'); }"),
        },
      ],
    },
    {
      code: fs("async function f() { return fs.readFileSync('a').length; }"),
      says: ["blocks"],
      suggests: [
        {
          messageId: "asynchronous",
          output: fs("async function f() { return (await fs.promises.readFile('a')).length; }"),
        },
      ],
    },
    {
      code: `import { readFileSync } from "fs"; const f = async () => readFileSync("a");`,
      says: ["blocks"],
      suggests: [],
    },
    { code: fs("async function f() { if (fs.existsSync('a')) {} }"), says: ["blocks"], suggests: [] },
    `import * as fs from "node:fs"; class C { async f() { fs.writeFileSync("a", "b"); } }`,
    `import { readFileSync as read } from "node:fs"; async function* f() { yield read("a"); }`,
    `const fs = require("fs"); async function f() { fs.statSync("a"); }`,
    `const { statSync: stat } = require("node:fs"); async function f() { stat("a"); }`,
    `import { execSync } from "node:child_process"; async function f() { execSync("ls"); }`,
    `import { spawnSync } from "child_process"; async function f() { spawnSync("ls"); }`,
    `import { pbkdf2Sync } from "node:crypto"; async function f() { pbkdf2Sync("a", "b", 1e6, 64, "sha512"); }`,
    `import crypto from "node:crypto"; async function f() { crypto.scryptSync("a", "b", 64); }`,
    `import { gzipSync } from "node:zlib"; async function f(x) { return gzipSync(x); }`,
    { code: "async function f(cell) { Atomics.wait(cell, 0, 0); }", says: ["waits"], suggests: [] },
    `import { readFile } from "node:fs/promises"; async function f() { return JSON.parse(await readFile("a", "utf8")); }`,
    `import fs from "node:fs"; async function f() { const t = await fs.promises.readFile("a", "utf8"); return JSON.parse(t); }`,
    `import { promises as fs } from "node:fs"; async function f() { return JSON.parse(await fs.readFile("a", "utf8")); }`,
    { code: "async function f(end) { while (Date.now() < end) {} }", says: ["spins"] },
    "async function f(end) { do { tick(); } while (performance.now() < end); }",
    "async function f(end) { for (;;) { if (Date.now() > end) break; } }",
    "async function f(end) { while (true) { tick(); if (performance.now() > end) { return; } } }",
    "async function f(end) { for (let t = Date.now(); t + 10 > Date.now(); ) tick(); }",
    fs("async function f(names) { return names.map((name) => fs.readFileSync(name)); }"),
    fs("async function f() { (() => { fs.readFileSync('a'); })(); }"),
    fs(`import { main } from "millrace"; main(function* () { fs.readFileSync("a"); });`),
    fs(`import { sleep } from "millrace"; function* f() { yield* sleep(1); fs.readFileSync("a"); }`),
    {
      code: fs("async function f() { fs.existsSync('a'); fs.rmSync('a'); }"),
      options: { allow: ["existsSync"] },
      says: ["blocks"],
    },
  ],
  right: [
    fs("const text = fs.readFileSync('a');"),
    fs("function f() { return fs.readFileSync('a'); }"),
    fs("async function f() { return await fs.promises.readFile('a'); }"),
    fs("function* f() { yield fs.readFileSync('a'); } // a plain generator"),
    fs("async function f() { return () => fs.readFileSync('a'); }"),
    fs("async function f() { later(() => fs.readFileSync('a')); }"),
    `import { readFileSync } from "./fake-fs.ts"; async function f() { readFileSync("a"); }`,
    `async function f(fs) { fs.readFileSync("a"); }`,
    `import { promises } from "node:fs"; async function f() { await promises.writeFile("a", "b"); }`,
    `import { constants } from "node:fs"; async function f() { constants.readFileSync("a"); }`,
    `import { createHash, randomBytes } from "node:crypto"; async function f() { createHash("md5"); randomBytes(8); }`,
    `import { spawn } from "node:child_process"; async function f() { spawn("ls"); }`,
    `import { createGzip } from "node:zlib"; async function f() { createGzip(); }`,
    "function f(cell) { Atomics.wait(cell, 0, 0); }",
    "async function f(cell) { await Atomics.waitAsync(cell, 0, 0).value; }",
    "async function f(text) { return JSON.parse(text); }",
    {
      code: `import { readFile } from "node:fs/promises"; async function f() { return JSON.parse(await readFile("a")); }`,
      options: { parse: false },
    },
    "async function f(end) { while (Date.now() < end) await tick(); }",
    "async function f(end) { while (true) { await tick(); if (Date.now() > end) break; } }",
    "function f(end) { while (Date.now() < end) {} }",
    "async function f(end) { while (queue.length > 0) { queue.pop(); } }",
    "async function* f(end) { while (Date.now() < end) yield 1; }",
    { code: fs("async function f() { return fs.existsSync('a'); }"), options: { allow: ["existsSync"] } },
    `import { threaded } from "millrace/threads"; import fs from "node:fs"; threaded(import.meta, (p) => fs.readFileSync(p));`,
  ],
});
