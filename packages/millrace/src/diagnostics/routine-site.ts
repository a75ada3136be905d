/**
 * The line at which a suspended generator stands. The language does not say it; a debugger does, where there is one
 * (Node). It takes some milliseconds, so it is asked for mistakes only, and not for ever.
 */
import { hostProcess } from "../runtime/host.ts";
import { pathOf, shortPosition } from "./source-position.ts";

/** A program that makes the mistake all the time is not slowed down for ever. */
const MOST = 20;
let asked = 0;

/** Where the generator that is asked about is to be found by the debugger. */
const KEY = "millrace.routine";

interface Place {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}
interface Reply {
  readonly result?: { readonly objectId?: string };
  readonly internalProperties?: readonly {
    readonly name: string;
    readonly value?: { readonly value?: Place };
  }[];
}
interface Session {
  connect(): void;
  disconnect(): void;
  on(event: string, listener: (message: { params: { scriptId: string; url: string } }) => void): void;
  post(method: string, params: object, done: (error: unknown, reply: Reply) => void): void;
}

/** "src/harvest.ts:88:5"; `undefined` where nobody can say. */
export function routineSite(routine: object): string | undefined {
  const inspector = hostProcess?.getBuiltinModule?.("node:inspector") as
    | { readonly Session?: new () => Session }
    | undefined;
  if (inspector?.Session === undefined || asked++ >= MOST) return undefined;
  const world = globalThis as Record<symbol, unknown>;
  world[Symbol.for(KEY)] = routine;
  try {
    return placeOf(new inspector.Session());
  } catch {
    // No debugger may be attached here; then the mistake is told without its line.
    return undefined;
  } finally {
    delete world[Symbol.for(KEY)];
  }
}

function placeOf(session: Session): string | undefined {
  const files: Map<string, string> = new Map();
  session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => files.set(scriptId, url));
  session.connect();
  try {
    ask(session, "Debugger.enable", {});
    const expression = `globalThis[Symbol.for(${JSON.stringify(KEY)})]`;
    const { result } = ask(session, "Runtime.evaluate", { expression });
    const { internalProperties = [] } = ask(session, "Runtime.getProperties", { objectId: result?.objectId });
    const place = internalProperties.find(({ name }) => name === "[[GeneratorLocation]]")?.value?.value;
    const file = files.get(place?.scriptId ?? "");
    if (place === undefined || file === undefined || file === "") return undefined;
    return shortPosition(pathOf(file), place.lineNumber + 1, place.columnNumber + 1);
  } finally {
    session.disconnect();
  }
}

/** The session of a thread with itself answers before `post` returns. */
function ask(session: Session, method: string, params: object): Reply {
  let reply: Reply = {};
  session.post(method, params, (_, given) => (reply = given ?? {}));
  return reply;
}
