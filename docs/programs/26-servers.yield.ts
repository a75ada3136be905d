import { HttpClient } from "@millrace/http";
import { serve } from "@millrace/http/server";
import { fromEvent, main, mpsc, sleep, spawn, timeout } from "millrace";

await main(function* () {
  const [tell, told] = mpsc.channel<string>(8); // what the handlers have to say
  const server = yield* serve({
    maxRequests: 100, // at once; what comes beyond gets 503
    deadline: { seconds: 10 },
    // A request is a task, cancelled when its client leaves.
    *handler(request) {
      const { pathname } = new URL(request.url);
      yield* tell.send(`${pathname} begins`);
      try {
        yield* sleep(pathname === "/report" ? 60_000 : 200);
        return new Response(`answer of ${pathname}`);
      } finally {
        yield* tell.send(`${pathname} ends`);
      }
    },
    // So is a connection. What nobody reads makes the client wait.
    webSocket: (request) => ({
      origins: [new URL(request.url).origin],
      *handle(socket) {
        yield* socket.messages.forEach(function* (message) {
          yield* socket.send(`echo of ${String(message)}`);
        });
      },
    }),
  });
  const client = new HttpClient({ baseUrl: server.url, retry: false });

  const report = spawn(client.get("/report").text());
  console.log(yield* told.recv());
  report.abort(); // the client gives up, and its connection is closed
  console.log(yield* told.recv());

  const socket = new WebSocket(server.url.replace("http", "ws"));
  yield* fromEvent(socket, "open");
  socket.send("hello");
  console.log((yield* fromEvent<MessageEvent<string>>(socket, "message")).data);
  socket.close();

  const last = spawn(client.get("/last").text());
  console.log(yield* told.recv());
  yield* server.shutdown({ drain: { seconds: 10 } }); // takes no more, and finishes what it has
  console.log(yield* timeout(10_000, last));
});
