/** Clients that ask one server for a small JSON document, again and again. */
import { HttpClient } from "@millrace/http";
import got from "got";
import ky from "ky";
import { asyncFn, Runtime, scope } from "millrace";
import { request } from "undici";
import type { Contender } from "./contender.ts";

/** Requests that are under way at once. */
const CONCURRENCY = 20;

export const clients: readonly Contender<(url: string, requests: number) => Promise<void>>[] = [
  { name: "fetch", base: "fetch", make: plainly(async (url) => void (await (await fetch(url)).json())) },
  {
    name: "fetch with a signal",
    base: "fetch with a signal",
    make: plainly(async (url) => void (await (await abortable(url)).json())),
  },
  { name: "undici request", make: plainly(async (url) => void (await (await request(url)).body.json())) },
  { name: "ky", make: plainly(async (url) => void (await ky(url).json())) },
  { name: "got", make: plainly(async (url) => void (await got(url).json())) },
  { name: "@millrace/http, await", make: awaiting },
  { name: "@millrace/http, yield*", make: yielding },
];

function plainly(once: (url: string) => Promise<void>) {
  return async (url: string, requests: number): Promise<void> => {
    let asked = 0;
    const worker = async (): Promise<void> => {
      while (asked++ < requests) await once(url);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  };
}

/** What any client needs that can abort a request and asks for JSON. */
async function abortable(url: string): Promise<Response> {
  const { signal } = new AbortController();
  return fetch(url, { method: "GET", headers: { accept: "application/json" }, signal });
}

// As in a program that goes on for long: what is made once is not of a request.
const runtime = new Runtime();
const client = new HttpClient();

async function awaiting(url: string, requests: number): Promise<void> {
  let asked = 0;
  await runtime.run(() =>
    scope((tasks) => {
      for (let worker = 0; worker < CONCURRENCY; worker++) {
        tasks.spawn(async () => {
          while (asked++ < requests) await client.get(url).json();
        });
      }
    }),
  );
}

async function yielding(url: string, requests: number): Promise<void> {
  let asked = 0;
  const worker = asyncFn(function* () {
    while (asked++ < requests) yield* client.get(url).json();
  });
  await runtime.run(() =>
    scope((tasks) => {
      for (let each = 0; each < CONCURRENCY; each++) tasks.spawn(worker());
    }),
  );
}
