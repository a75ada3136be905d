/**
 * OS signals, shared by everybody who listens. The host's listener exists only while somebody does, so
 * the default action returns when the last one goes.
 *
 * A program may have a default action of its own (`main` has one for Ctrl-C): it is taken only by a
 * delivery that finds no listener. Whoever waits for a delivery keeps the host's loop alive, which a
 * signal listener alone does not: a program that waits for Ctrl-C has not come to its end.
 */
import { host, hostProcess, MAX_HOST_DELAY } from "./host.ts";

/** The signals of an operating system that can be waited for. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR2" | "SIGWINCH" | "SIGQUIT";

class Source {
  readonly name: SignalName;
  readonly listeners: Set<() => void> = new Set();
  readonly defaults: Set<() => void> = new Set();
  readonly #onSignal: () => void = () => {
    const told = this.listeners.size > 0 ? this.listeners : this.defaults;
    // As they are now: whoever hears of it may leave, or listen anew for the next delivery.
    Array.from(told).forEach((each) => each());
  };

  constructor(name: SignalName) {
    this.name = name;
  }
  get isUsed(): boolean {
    return this.listeners.size + this.defaults.size > 0;
  }
  open(): void {
    hostProcess?.on(this.name, this.#onSignal);
  }
  close(): void {
    hostProcess?.off(this.name, this.#onSignal);
  }
}

const sources: Map<SignalName, Source> = new Map();

function join(name: SignalName, role: "listeners" | "defaults", member: () => void): () => void {
  let source = sources.get(name);
  if (source === undefined) {
    source = new Source(name);
    sources.set(name, source);
    source.open();
  }
  const joined = source;
  joined[role].add(member);
  return () => {
    if (!joined[role].delete(member) || joined.isUsed) return;
    sources.delete(name);
    joined.close();
  };
}

/** Calls `listener` at each delivery, until the returned function is called. */
export function listenTo(name: SignalName, listener: () => void): () => void {
  return join(name, "listeners", listener);
}

/** Calls `action` at each delivery that nobody listens to, until the returned function is called. */
export function setDefaultAction(name: SignalName, action: () => void): () => void {
  return join(name, "defaults", action);
}

let waiting = 0;
let keepAlive: unknown;

/** Keeps the host's loop alive until the returned function is called. */
export function awaitDelivery(): () => void {
  if (waiting++ === 0) stayAlive();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--waiting === 0) host.clearTimer(keepAlive);
  };
}

function stayAlive(): void {
  keepAlive = host.timer(MAX_HOST_DELAY, stayAlive);
}
