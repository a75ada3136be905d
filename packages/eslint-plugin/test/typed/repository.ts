/** Futures that only a type checker can tell from other values: the cases import them. */
import { asyncFn, spawn } from "millrace";
import type { Future, JoinHandle, Routine, SharedFuture, Sleep } from "millrace";

export interface User {
  readonly name: string;
}

export interface Repository {
  readonly pending: Future<void>;
  find(id: number): Future<User>;
  save?(user: User): Future<void>;
  saveAll(users: readonly User[]): Promise<void>;
  nap(): Sleep;
  start(): JoinHandle<void>;
  shared(): SharedFuture<User>;
  maybe(): Future<void> | undefined;
  routine(): Routine<void>;
}

export declare const repository: Repository;
export declare function anything(): never;

export const load = asyncFn(async (id: number): Promise<string> => `user ${id}`);
export const start = (): JoinHandle<void> => spawn(async () => {});
export const untyped: unknown = undefined;
