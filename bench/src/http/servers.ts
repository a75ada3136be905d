/** Servers that answer with a small JSON document. Each runs in a process of its own, and tells its port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve as serveHono } from "@hono/node-server";
import { serve } from "@millrace/http/server";
import fastify from "fastify";
import { Hono } from "hono";
import { serve as serveSrvx } from "srvx";
import type { Contender } from "./contender.ts";

const DOCUMENT = { id: 1, name: "wheel", tags: ["a", "b"] };
const HOST = "127.0.0.1";

export const servers: readonly Contender<() => Promise<number>>[] = [
  { name: "srvx", base: "srvx", make: srvx },
  { name: "node:http", make: node },
  { name: "Fastify", make: onFastify },
  { name: "Hono", make: onHono },
  {
    name: "@millrace/http, async function",
    isOurs: true,
    make: () => ours(async () => Response.json(DOCUMENT)),
  },
  {
    name: "@millrace/http, function*",
    isOurs: true,
    make: () =>
      ours(function* () {
        return Response.json(DOCUMENT);
      }),
  },
];

async function srvx(): Promise<number> {
  const options = { port: 0, hostname: HOST, silent: true, gracefulShutdown: false };
  const server = serveSrvx({ ...options, fetch: async () => Response.json(DOCUMENT) });
  await server.ready();
  return Number(new URL(server.url!).port);
}

function node(): Promise<number> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(DOCUMENT));
  });
  return new Promise((resolve) =>
    server.listen(0, HOST, () => resolve((server.address() as AddressInfo).port)),
  );
}

async function onFastify(): Promise<number> {
  const app = fastify();
  app.get("/", async () => DOCUMENT);
  await app.listen({ port: 0, host: HOST });
  return (app.server.address() as AddressInfo).port;
}

function onHono(): Promise<number> {
  const app = new Hono().get("/", (context) => context.json(DOCUMENT));
  return new Promise((resolve) =>
    serveHono({ fetch: app.fetch, port: 0, hostname: HOST }, ({ port }) => resolve(port)),
  );
}

async function ours(handler: Parameters<typeof serve>[0]["handler"]): Promise<number> {
  return (await serve({ handler, hostname: HOST })).port;
}
