/** What the fragments in the pages' comparisons take for granted. Each fragment is a module of its own. */

interface User {
  readonly id: number;
  readonly name: string;
}
declare const ids: number[];
declare const users: Map<number, User>;
declare const numbers: AsyncIterable<number>;
declare const emitter: import("node:events").EventEmitter;
declare const url: string;

declare function fetchUser(id: number, options?: { signal?: AbortSignal }): Promise<User>;
declare function download(file: string): Promise<string>;
declare function save(): Promise<void>;
declare function refreshCache(): Promise<void>;
declare function metrics(): Promise<void>;
declare function backup(signal: AbortSignal): Promise<string>;
declare function slow(): Promise<string>;
declare function compute(id: number): number;
declare function a(): Promise<string>;
declare function b(): Promise<number>;

declare function getUser(id: number): import("effect").Effect.Effect<User, Error>;
declare const backupEffect: import("effect").Effect.Effect<string, Error>;
declare const interruptSignal: import("effect").Effect.Effect<void>;
declare const refresh: import("effect").Effect.Effect<void>;
declare const program: import("effect").Effect.Effect<void>;
