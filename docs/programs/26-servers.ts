import { HttpClient } from "@millrace/http";
import { serve } from "@millrace/http/server";
import { fromEvent, main, mpsc, sleep, spawn, timeout } from "millrace";

await main(async () => {
  const [tell, told] = mpsc.channel<string>(8); // what the handlers have to say
  const server = await serve({
    maxRequests: 100, // at once; what comes beyond gets 503
    deadline: { seconds: 10 },
    // A request is a task, cancelled when its client leaves.
    async handler(request) {
      const { pathname } = new URL(request.url);
      await tell.send(`${pathname} begins`);
      try {
        await sleep(pathname === "/report" ? 60_000 : 200);
        return new Response(`answer of ${pathname}`);
      } finally {
        await tell.send(`${pathname} ends`);
      }
    },
    // So is a connection. What nobody reads makes the client wait.
    webSocket: (request) => ({
      origins: [new URL(request.url).origin],
      async handle(socket) {
        for await (const message of socket.messages) await socket.send(`echo of ${String(message)}`);
      },
    }),
  });
  const client = new HttpClient({ baseUrl: server.url, retry: false });

  const report = spawn(client.get("/report").text());
  console.log(await told.recv());
  report.abort(); // the client gives up, and its connection is closed
  console.log(await told.recv());

  const socket = new WebSocket(server.url.replace("http", "ws"));
  await fromEvent(socket, "open");
  socket.send("hello");
  console.log((await fromEvent<MessageEvent<string>>(socket, "message")).data);
  socket.close();

  const last = spawn(client.get("/last").text());
  console.log(await told.recv());
  await server.shutdown({ drain: { seconds: 10 } }); // takes no more, and finishes what it has
  console.log(await timeout(10_000, last));
});
