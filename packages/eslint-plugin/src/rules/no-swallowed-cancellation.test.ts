import { testRule } from "../../test/cases.ts";
import { noSwallowedCancellation } from "./no-swallowed-cancellation.ts";

const from = (names: string, code: string) => `import { ${names} } from "millrace";\n${code}`;
const inTask = (code: string) => from("spawn", `spawn(async (cx) => { ${code} });`);

testRule("no-swallowed-cancellation", noSwallowedCancellation, {
  wrong: [
    {
      code: inTask("try { await work(); } catch (e) { log(e); }"),
      says: ["swallows"],
      suggests: [
        {
          messageId: "rethrow",
          output: from(
            "spawn, CancelledError",
            "spawn(async (cx) => { try { await work(); } catch (e) { if (e instanceof CancelledError) throw e; log(e); } });",
          ),
        },
      ],
    },
    {
      code: inTask("try { await work(); } catch {}"),
      says: ["swallows"],
      suggests: [
        {
          messageId: "rethrow",
          output: from(
            "spawn, CancelledError",
            "spawn(async (cx) => { try { await work(); } catch (error) { if (error instanceof CancelledError) throw error;} });",
          ),
        },
      ],
    },
    {
      code: inTask("try { await work(); } catch ({ message }) { log(message); }"),
      says: ["swallows"],
      suggests: [],
    },
    inTask("for (;;) { try { await work(); } catch (e) { continue; } }"),
    inTask("try { for await (const x of xs) use(x); } catch (e) { log(e); }"),
    inTask("try { if (a) { await work(); } } catch (e) { return undefined; }"),
    inTask("try { await work(); } catch (e) { await report(e); } finally { close(); }"),
    `import { startActor } from "millrace/actor"; startActor(() => ({ async run() { try { await work(); } catch (e) { log(e); } } }));`,
    from("main", "main(async () => { try { await work(); } catch (e) { console.error(e); } });"),
    from("main", "main(function* () { try { yield* work(); } catch (e) { console.error(e); } });"),
    from("asyncFn", "const f = asyncFn(async () => { try { await work(); } catch (e) { return 0; } });"),
    from("scope", "scope(async (s) => { s.spawn(async () => { try { await work(); } catch {} }); });"),
    from("JoinSet", "const set = new JoinSet(); set.spawn(async () => { try { await work(); } catch {} });"),
    from(
      "JoinMap",
      "const map = new JoinMap(); map.spawn(1, async () => { try { await work(); } catch {} });",
    ),
    from("Mutex", "const m = new Mutex(); m.with(async (g) => { try { await work(); } catch {} });"),
    from("spawn", "async function work() { try { await step(); } catch {} } spawn(work);"),
    from("spawn", "const work = async () => { try { await step(); } catch {} }; spawn(work);"),
    from("sleep", "function* work() { try { yield* sleep(1); } catch { return; } }"),
    from("type Routine", "function* work(): Routine<void> { try { yield* other(); } catch { return; } }"),
    `import { Stream } from "millrace/stream"; Stream.range(0, 9).forEach(async (n) => { try { await work(n); } catch {} });`,
    from("shield", "shield(async () => { try { await work(); } catch (e) { last = e; } });"),
  ],
  right: [
    inTask("try { await work(); } catch (e) { log(e); throw e; }"),
    inTask("try { await work(); } catch (e) { throw new Error('x', { cause: e }); }"),
    inTask("try { await work(); } catch (e) { if (isFatal(e)) throw e; }"),
    inTask("try { await work(); } catch (e) { if (e instanceof CancelledError) return; log(e); }"),
    inTask("try { await work(); } catch (e) { if (e.name === 'AbortError') return; }"),
    inTask("try { await work(); } catch (e) { if (e.code === 'ABORT_ERR') return; }"),
    inTask("try { await work(); } catch (e) { if (cx.isCancelled) return; log(e); }"),
    inTask("try { await work(); } catch (e) { if (cx.signal.aborted) return; }"),
    inTask("try { await work(); } catch (e) { cx.signal.throwIfAborted(); log(e); }"),
    inTask("try { await work(); } catch (e) { generator.throw(e); }"),
    inTask("await new Promise(async (_, reject) => { try { await work(); } catch (e) { reject(e); } });"),
    inTask("try { await work(); } catch (e) { reject(e); }"),
    inTask("try { parse(text); } catch (e) { log(e); }"),
    inTask("try { later(async () => { await work(); }); } catch (e) { log(e); }"),
    inTask("try { await work(); } finally { close(); }"),
    inTask("const x = await work().settled();"),
    inTask("server.on('x', async () => { try { await work(); } catch (e) { log(e); } });"),
    from("sleep", "async function f() { try { await sleep(1); } catch (e) { log(e); } }"),
    `async function f() { try { await work(); } catch {} } // no millrace here`,
    `import { spawn } from "other"; import "millrace"; spawn(async () => { try { await work(); } catch {} });`,
    from(
      "spawn, CancelledError as Stopped",
      "spawn(async () => { try { await w(); } catch (e) { if (e instanceof Stopped) return; } });",
    ),
    from("sleep", "function* list() { try { yield 1; } catch { return; } }"),
  ],
});
