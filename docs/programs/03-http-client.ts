import { HttpClient, HttpError } from "@millrace/http";
import { serve } from "@millrace/http/server";
import { main, sleep, TimeoutError } from "millrace";
import * as z from "zod";

const Users = z.array(z.object({ id: z.number(), name: z.string() }));

await main(async () => {
  const server = await serve({ handler: answer }); // stands for somebody else's service
  const api = new HttpClient({ baseUrl: server.url, timeout: 5000, retry: false });

  for (const { id, name } of await api.get("/users").json(Users)) console.log(id, name); // typed

  for (const path of ["/missing", "/broken", "/slow"]) {
    try {
      await api.get(path, { timeout: path === "/slow" ? 50 : 5000 }).json(Users);
    } catch (error) {
      if (!(error instanceof HttpError) && !(error instanceof TimeoutError)) throw error;
      console.log(path, error.code);
    }
  }
  await server.shutdown();
});

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/users") return Response.json([{ id: 1, name: "Ada" }]);
  if (pathname === "/broken") return Response.json([{ id: "one" }]);
  if (pathname === "/slow") await sleep(60_000);
  return new Response("there is no such page", { status: 404 });
}
