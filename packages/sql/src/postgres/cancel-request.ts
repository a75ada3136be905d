/**
 * Stops the statement that a session executes: a request on a connection of its own, which carries the
 * number and the secret of the session and needs neither a password nor a free place (CancelRequest, in
 * "Message Flow" of PostgreSQL's manual). The server closes that connection when it has passed the request
 * on; a request that comes too late does nothing.
 */
import { Client, type ClientConfig } from "pg";
import { internals } from "./driver-internals.ts";

/** Resolves when the server has taken the request, or cannot be reached; the signal ends it sooner. */
export function requestCancel(config: ClientConfig, session: Client, signal: AbortSignal): Promise<void> {
  const { processID, secretKey } = internals(session);
  const client = new Client(config);
  const { connection: wire } = internals(client);
  const send = (): void => wire.cancel(processID, secretKey);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => wire.stream.destroy(), { once: true });
    wire.on("connect", () => (client.ssl ? wire.requestSsl() : send()));
    wire.on("sslconnect", send);
    wire.on("error", () => wire.stream.destroy());
    wire.on("end", resolve);
    wire.stream.once("close", resolve);
    if (client.host.startsWith("/")) wire.connect(`${client.host}/.s.PGSQL.${client.port}`);
    else wire.connect(client.port, client.host);
  });
}
