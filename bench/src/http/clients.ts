/** Clients that ask one server for a small JSON document, again and again. */
import { HttpClient } from "@millrace/http";
import got from "got";
import ky from "ky";
import { asyncFn, Runtime, scope, type Future } from "millrace";
import { request } from "undici";
import type { Contender } from "./contender.ts";

/** Requests that are under way at once. */
const CONCURRENCY = 20;

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

/** What is left of a turn. The functions are made once, too: the engine compiles each of them anew. */
const turn = { url: "", left: 0 };

async function askAwaiting(): Promise<void> {
  while (turn.left-- > 0) await client.get(turn.url).json();
}
const askYielding = asyncFn(function* () {
  while (turn.left-- > 0) yield* client.get(turn.url).json();
});
async function askAwaitingBare(): Promise<void> {
  while (turn.left-- > 0) {
    using response = await client.get(turn.url);
    await response.json();
  }
}
const askYieldingBare = asyncFn(function* () {
  while (turn.left-- > 0) {
    using response = yield* client.get(turn.url);
    yield* response.json();
  }
});

function inTasks(ask: () => Promise<void> | Future<void>) {
  const workers = () =>
    scope((tasks) => {
      for (let worker = 0; worker < CONCURRENCY; worker++) tasks.spawn(ask);
    });
  return async (url: string, requests: number): Promise<void> => {
    turn.url = url;
    turn.left = requests;
    await runtime.run(workers);
  };
}

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
  { name: "@millrace/http, await", isOurs: true, make: inTasks(askAwaiting) },
  { name: "@millrace/http, yield*", isOurs: true, make: inTasks(askYielding) },
  { name: "the same, body unread, await", isOurs: true, make: inTasks(askAwaitingBare) },
  { name: "the same, body unread, yield*", isOurs: true, make: inTasks(askYieldingBare) },
];
