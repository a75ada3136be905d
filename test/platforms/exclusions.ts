/**
 * What the suite leaves out on a platform, and why: the one list. It is no place for what does not work
 * yet; only for what the platform does not have, or what says nothing about it.
 */
import type { PlatformName } from "./platforms.ts";

interface Exclusion {
  readonly on: readonly PlatformName[];
  /** A path, or the start of one that ends in `/`. */
  readonly files: readonly string[];
  /** The beginnings of full test names ("describe > test"); without, the files are not even loaded. */
  readonly tests?: readonly string[];
  readonly because: string;
}

const millrace = "packages/millrace/test/";

export const exclusions: readonly Exclusion[] = [
  {
    on: ["bun", "deno", "chromium"],
    files: ["test/", "bench/", "docs/", "packages/eslint-plugin/", `${millrace}threads/bundles.test.ts`],
    because: "it is about the repository and its tools, which run on Node",
  },
  {
    on: ["bun", "deno", "chromium"],
    files: ["examples/", "packages/cli/", "packages/console/", "packages/opentelemetry/"],
    because: "it is a program for Node: its server, its database, its command line",
  },
  {
    on: ["bun", "deno"],
    files: [`${millrace}main/main.test.ts`],
    tests: ["a program > that awaits main at the top level ends when it deadlock"],
    because:
      "no event says that the loop is empty while the top level waits: Deno ends with an error of its own, Bun goes on for ever",
  },
  {
    on: ["bun", "deno"],
    files: [`${millrace}diagnostics/serve-console.test.ts`],
    tests: ["a program that serves its console > is told of its deadlock"],
    because:
      "no event says that the loop is empty while the top level waits: Deno ends with an error of its own, Bun goes on for ever",
  },
  {
    on: ["bun"],
    files: [`${millrace}futures/calls.test.ts`],
    tests: [
      "an async function inside a generator body > belongs to its task, when the spawner is in yield* style",
    ],
    because:
      "what is put into an AsyncLocalStorage while `await` reads `then` is not there behind the await, as it is in Node",
  },
  {
    on: ["bun", "deno", "chromium"],
    files: [`${millrace}futures/copies.test.ts`],
    because: "it bundles the library with a tool that runs on Node",
  },
  {
    on: ["bun"],
    files: [`${millrace}threads/calls.test.ts`, `${millrace}threads/messages.test.ts`],
    tests: ["shared memory within a Map stays shared"],
    because: "what Bun clones into bytes copies shared memory",
  },
  {
    on: ["bun"],
    files: [`${millrace}sync/collectable.test.ts`, `${millrace}sync/lost.test.ts`],
    because: "JavaScriptCore's collector is conservative: it may keep what nobody refers to any more",
  },
  {
    on: ["bun"],
    files: [`${millrace}diagnostics/warnings.test.ts`],
    tests: [
      "never-awaited > one that nobody has any more",
      "never-awaited > what is collected of those that failed or were cancelled",
    ],
    because: "JavaScriptCore's collector is conservative: it may keep what nobody refers to any more",
  },
  {
    on: ["bun", "deno", "chromium"],
    files: [`${millrace}diagnostics/routine-site.test.ts`],
    because: "no debugger in the process says where a generator stands",
  },
  {
    on: ["bun", "deno"],
    files: [`${millrace}sync/growth.test.ts`],
    because: "work is counted by the coverage of V8's inspector",
  },
  {
    on: ["bun", "deno", "chromium"],
    files: [`${millrace}diagnostics/warnings.test.ts`],
    tests: ["blocked-loop and never-yielded > the stack of a blocked loop is taken while it is blocked"],
    because: "another thread cannot inspect this one while it runs",
  },
  {
    on: ["bun"],
    files: [`${millrace}threads/calls.test.ts`, `${millrace}threads/messages.test.ts`],
    tests: ["what cannot be copied is refused at the caller's line"],
    because: "its engine does not tell a reaction to a promise who awaits that",
  },
  {
    on: ["bun"],
    files: ["packages/http/test/server-faults.test.ts"],
    tests: [
      "slow-loris heads are cut off",
      "what is not HTTP is refused",
      "an upgrade that breaks off, or asks for nonsense",
    ],
    because: "Bun's server reads heads and answers bad ones by itself, with limits and statuses of its own",
  },
  {
    on: ["deno"],
    files: ["packages/http/test/server-faults.test.ts"],
    tests: ["slow-loris heads are cut off"],
    because: "Deno's server waits for a head for as long as it takes, and has no option for it",
  },
  {
    on: ["deno"],
    files: ["packages/http/test/server-faults.test.ts"],
    tests: ["a slow-loris body ends with the deadline"],
    because: "Deno's server keeps a connection that it has answered until the request's body has come",
  },
  {
    on: ["deno"],
    files: ["packages/http/test/client-leaves.test.ts"],
    tests: ["a client that leaves ("],
    because:
      "that a client has left in mid-body Deno tells by errors of its own where the body is read, and by nothing where it is not",
  },
  {
    on: ["bun", "deno"],
    files: ["packages/http/test/web-socket.test.ts"],
    tests: ["pings are answered, and those of a client"],
    because: "Bun and Deno answer pings by themselves, and keep the answers that nobody reads",
  },
  {
    on: ["bun", "deno"],
    files: ["packages/http/test/answers.test.ts", "packages/http/test/server.test.ts"],
    tests: [
      "a plain response whose stream fails",
      "a client that leaves with answers in line",
      "a shutdown waits until answers are with their clients",
    ],
    because: "what becomes of an answer that was given, Bun and Deno do not tell",
  },
  {
    on: ["bun", "deno"],
    files: ["packages/http/test/client-faults.test.ts"],
    tests: ["a redirect to where nobody can go"],
    because: "of a redirect that cannot be followed, their fetch does not always say that it was one",
  },
  {
    on: ["deno"],
    files: ["packages/http/test/web-socket.test.ts"],
    tests: ["a silent client is pinged"],
    because: "Deno pings by itself, in whole seconds of its own, and nobody else can",
  },
  {
    on: ["bun", "deno"],
    files: ["packages/http/test/web-socket.test.ts"],
    tests: ["messages that nobody reads make the client wait", "a handler that ends with messages unread"],
    because:
      "a socket of Bun or Deno cannot be told to stop reading; a connection that nobody reads is closed",
  },
  {
    on: ["bun"],
    files: [`${millrace}diagnostics/feed.test.ts`],
    tests: ["what a tool does with what it took is not the program's doing; what came before it is"],
    because:
      "vitest runs the tests on threads there, and whether one of many is blocked or starved is not known",
  },
  {
    on: ["bun", "deno", "chromium"],
    files: [`${millrace}diagnostics/examples.test.ts`],
    because: "the examples are programs for Node",
  },
  {
    on: ["deno"],
    files: [`${millrace}runtime/runtime.test.ts`],
    tests: ["a failure is reported when its handle is garbage-collected"],
    because: "a program that Deno starts as a child has no gc()",
  },
  {
    on: ["bun", "deno"],
    files: ["packages/sql/test/given-server.test.ts"],
    because: "it starts the suite as Node is told to",
  },
  {
    on: ["chromium"],
    files: [
      "packages/http/test/answers.test.ts",
      "packages/http/test/client-leaves.test.ts",
      "packages/http/test/uploads.test.ts",
      "packages/http/test/web-socket-ends.test.ts",
      "packages/http/test/server.test.ts",
      "packages/http/test/server-faults.test.ts",
      "packages/http/test/web-socket.test.ts",
      "packages/http/test/leaks.test.ts",
      "packages/http/test/every-runtime.test.ts",
    ],
    because: "a page listens to nobody, and starts no programs",
  },
  {
    on: ["chromium"],
    files: ["packages/http/test/client-faults.test.ts"],
    because: "its servers break HTTP on purpose, below it, in the process of the test: a page has no sockets",
  },
  {
    on: ["chromium"],
    files: ["packages/http/test/client.test.ts"],
    tests: [
      "an attempt that takes too long is aborted on the wire",
      "an abandoned request is aborted on the wire",
      "a request ends with its signal",
      "the signal and the total time also hold for a body that is read as",
      "a refused connection is a NetworkError",
      "a million bytes come as a stream",
    ],
    because: "it asks a server in the process of the test: a page listens to nobody",
  },
  {
    on: ["chromium"],
    files: ["packages/sql/"],
    because: "a browser has neither SQLite files nor the sockets that databases speak",
  },
  {
    on: ["bun", "deno"],
    files: [`${millrace}threads/faults.test.ts`, `${millrace}threads/messages.test.ts`],
    tests: ["a task that runs out of memory fails"],
    because: "a thread has no memory limit of its own there: the task would take all there is",
  },
  {
    on: ["chromium"],
    files: [`${millrace}main/`, `${millrace}threads/`, `${millrace}diagnostics/threads.test.ts`],
    because: "a browser has no processes; its threads are not those of worker_threads",
  },
  {
    on: ["chromium"],
    files: [`${millrace}diagnostics/serve-console.test.ts`],
    because: "a page serves nothing, and has no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}diagnostics/feed.test.ts`],
    tests: ["what a tool does with what it took is not the program's doing; what came before it is"],
    because: "the loop of a page is watched by nobody: the threads that could are those of worker_threads",
  },
  {
    on: ["chromium"],
    files: [`${millrace}cancellation/os-signal.test.ts`],
    because: "a browser has no signals of an operating system and no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}diagnostics/dump.test.ts`],
    tests: ["SIGUSR2", "the report of leaks has the same words"],
    because: "a browser has no signals of an operating system and no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}futures/iterating.test.ts`],
    tests: ["waiting in a loop for something from outside is no deadlock"],
    because: "a browser has no signals of an operating system and no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}testing/deadlock.test.ts`],
    tests: ["under virtual time nothing is called a deadlock > that waits for a signal"],
    because: "a browser has no signals of an operating system and no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}stream/bridges.test.ts`],
    tests: ["what the library itself offers to loops > intervals, sets of tasks, queues of delays, signals"],
    because: "a browser has no signals of an operating system and no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}actor/ending.test.ts`],
    tests: ["an actor that main leaves running"],
    because: "a browser has no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}runtime/runtime.test.ts`],
    tests: ["a failure is reported when its handle is garbage-collected"],
    because: "a browser has no processes",
  },
  {
    on: ["chromium"],
    files: [`${millrace}futures/from-promise.test.ts`],
    tests: ["a rejection that comes after the future was abandoned"],
    because: "it listens to the process for unhandled rejections",
  },
  {
    on: ["chromium"],
    files: [`${millrace}tasks/shield.test.ts`],
    tests: ["RT-09 ten yields", "RT-09 timers and immediates"],
    because: "a browser has no sockets, no immediates and no ticks",
  },
  {
    on: ["chromium"],
    files: [`${millrace}runtime/async-context.test.ts`, `${millrace}diagnostics/spawn-context.test.ts`],
    because: "a browser has no AsyncLocalStorage",
  },
  {
    on: ["chromium"],
    files: [`${millrace}stream/concurrency.test.ts`],
    tests: ["what is in flight > keeps the async context"],
    because: "a browser has no AsyncLocalStorage",
  },
  {
    on: ["chromium"],
    files: [`${millrace}futures/calls.test.ts`],
    tests: [
      "an async function inside a generator body > belongs to its task",
      "an async function inside a generator body > finds its task in the function form",
    ],
    because:
      "without AsyncLocalStorage a body is lost where it awaits a promise that is no future; its signal still fires",
  },
  {
    on: ["chromium"],
    files: [`${millrace}tasks/abort.test.ts`],
    tests: ["a body stuck in a foreign promise", "a body in a foreign promise"],
    because:
      "without AsyncLocalStorage a body is lost where it awaits a promise that is no future; its signal still fires",
  },
  {
    on: ["chromium"],
    files: [`${millrace}tasks/corners.test.ts`],
    tests: ["a future awaited in a then callback is cancelled with its task"],
    because:
      "without AsyncLocalStorage a body is lost where it awaits a promise that is no future; its signal still fires",
  },
  {
    on: ["chromium"],
    files: [`${millrace}futures/from-event.test.ts`],
    because: "it counts the listeners of EventEmitters and EventTargets, which only Node tells",
  },
  {
    on: ["chromium"],
    files: [`${millrace}tasks/spawn.test.ts`],
    tests: ["a listener on a signal is removed"],
    because: "it counts the listeners of an EventTarget, which only Node tells",
  },
  {
    on: ["chromium"],
    files: [`${millrace}stream/bridges.test.ts`],
    tests: ["a Node Readable", "events >"],
    because: "a browser has neither Node's streams nor EventEmitter",
  },
  {
    on: ["chromium"],
    files: [`${millrace}stream/stuck.test.ts`],
    tests: ["what only the world outside can end is no deadlock"],
    because: "a browser has no EventEmitter",
  },
  {
    on: ["chromium"],
    files: [`${millrace}diagnostics/events.test.ts`],
    tests: ["the same events are published on diagnostics channels"],
    because: "a browser has no diagnostics channels",
  },
  {
    on: ["chromium"],
    files: [`${millrace}diagnostics/spawn-sites.test.ts`],
    tests: ["positions in compiled code"],
    because: "a page cannot read the maps of its sources",
  },
  {
    on: ["chromium"],
    files: [`${millrace}explore/explore.test.ts`],
    tests: ["misuse > a failure prints its steps"],
    because: "it is printed with the inspect of Node",
  },
  {
    on: ["chromium"],
    files: [
      `${millrace}stream/heap.test.ts`,
      `${millrace}sync/heap.test.ts`,
      `${millrace}sync/broadcast-memory.test.ts`,
    ],
    because: "a page is not told how much memory it uses",
  },
  {
    on: ["chromium"],
    files: [`${millrace}sync/growth.test.ts`],
    because: "a page cannot count the work of its own engine",
  },
];

/** The files to leave out, as globs. */
export function excludedFiles(platform: PlatformName): string[] {
  return exclusions
    .filter(({ on, tests }) => tests === undefined && on.includes(platform))
    .flatMap(({ files }) => files.map((file) => (file.endsWith("/") ? `${file}**` : file)));
}

export function reasonToSkip(platform: PlatformName, file: string, test: string): string | undefined {
  return exclusions.find(
    ({ on, files, tests }) =>
      on.includes(platform) &&
      files.some((each) => (each.endsWith("/") ? file.startsWith(each) : file === each)) &&
      tests?.some((each) => test.startsWith(each)),
  )?.because;
}
