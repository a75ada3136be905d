/** SHA-256 on the thread pool: the event loop has better things to do, and all cores take part. */
import { createHash } from "node:crypto";
import { threaded, type ThreadFn } from "millrace/threads";

export const sha256: ThreadFn<[body: Uint8Array], string> = threaded(import.meta, (body: Uint8Array) =>
  createHash("sha256").update(body).digest("hex"),
);
