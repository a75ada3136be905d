/** What anybody can send to a console: with any path, any headers, or any bytes. */
import { request, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import WebSocket from "ws";
import type { Served } from "@millrace/console";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
/** What a browser that has used a link has. */
export interface Session {
  readonly folder: string;
  readonly cookie: string;
}

export const pathOf = (url: string): string => url.slice(new URL(url).origin.length);

export function askAt(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => done({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on("error", fail);
    sent.end();
  });
}

/** The status that an attempt to open the socket gets; 101 when it is open. */
export function knockAt(port: number, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on("open", () => {
      socket.close();
      done(101);
    });
    socket.on("unexpected-response", (sent, response) => {
      sent.destroy();
      done(response.statusCode!);
    });
    socket.on("error", fail);
  });
}

/** The answer to some bytes, when the connection has ended. */
export function send(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((done) => {
    let all = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => (all += chunk.toString()));
    socket.on("error", () => {});
    socket.on("close", () => done(all));
  });
}

/** Uses a link, as a browser does. */
export async function enter(shown: Served): Promise<Session> {
  const { headers, body } = await askAt(shown.port, pathOf(shown.url));
  const cookie = headers["set-cookie"]![0]!.split(";")[0]!;
  const [, folder] = /url=(\/[\w-]+\/)"/.exec(body)!;
  return { folder: folder!, cookie };
}
