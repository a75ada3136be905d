import { fileURLToPath } from "node:url";
import { testTypedRule } from "../../test/cases.ts";
import { noFloatingFuture } from "./no-floating-future.ts";

const folder = fileURLToPath(new URL("../../test/typed", import.meta.url));
const names = "repository, load, start, type Repository, type User";
const from = (code: string) => `import { ${names} } from "./repository.ts";\n${code}`;

testTypedRule("no-floating-future", noFloatingFuture, folder, {
  wrong: [
    {
      code: from("repository.find(1);"),
      says: ["dropped"],
      suggests: [{ messageId: "wait", output: from("await repository.find(1);") }],
    },
    {
      code: from("void repository.find(1);"),
      says: ["voided"],
      suggests: [{ messageId: "wait", output: from("await repository.find(1);") }],
    },
    { code: from("void repository.pending;"), says: ["voided"] },
    from("repository.save?.({ name: 'a' });"),
    from("repository.nap();"),
    from("repository.shared();"),
    from("repository.maybe();"),
    from("load(1);"),
    from("repository.find(1).map((user) => user.name);"),
    from("const { find } = repository; find(1);"),
    from("export function f(users: Repository) { users.find(1); }"),
    from("export class Service { constructor(readonly users: Repository) { users.find(1); } }"),
    from("export const f = <R extends Repository>(users: R) => { users.find(1); };"),
    from("export const f = <F extends ReturnType<Repository['find']>>(make: () => F) => { make(); };"),
    from("const table = new Map([['load', load]]); table.get('load')?.(1);"),
    from("'🙂'; /* ü */ load(1);"),
    from("const pending = repository.find(1); void pending;"),
    from("[1, 2].forEach((id) => load(id));"),
    { code: from("load(1), load(2);"), says: ["dropped", "dropped"] },
    `import * as users from "./repository.ts"; users.repository.find(1);`,
    `import { sleep } from "millrace"; const clock = { nap: sleep }; clock["nap"](1);`,
  ],
  right: [
    from("await repository.find(1);"),
    from("export const pending = repository.find(1);"),
    from("export function f() { return repository.find(1); }"),
    from("repository.saveAll([]);"),
    from("void repository.saveAll([]);"),
    from("repository.start();"),
    from("start();"),
    from("repository.find(1).drop();"),
    from("repository.find(1).then(() => {});"),
    from("[repository.find(1)].length;"),
    from("console.log(repository.find(1));"),
    from("export function* f() { yield* repository.find(1); }"),
    from("const user: User = { name: 'a' }; void user;"),
    from("[1, 2].map((id) => load(id));"),
    from("Promise.resolve(repository.find(1));"),
    from("repository.routine();"),
    `export const f = (poll: () => { poll(): void; drop(): void }) => { poll(); };`,
    `export const f = (g: () => any) => { g(); };`,
    `export const f = (g: () => unknown) => { g(); };`,
    `export const f = (g: () => never) => { g(); };`,
    `notDeclaredAnywhere();`,
  ],
});
