/**
 * OS signals, shared by everybody who listens. The host's listener exists only while somebody does, so
 * the default action returns when the last one goes.
 */
import { hostProcess } from "./host.ts";

export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR2" | "SIGWINCH" | "SIGQUIT";

interface Source {
  readonly listeners: Set<() => void>;
  readonly onSignal: () => void;
}
const sources: Map<SignalName, Source> = new Map();

/** Calls `listener` at each delivery, until the returned function is called. */
export function listenTo(name: SignalName, listener: () => void): () => void {
  let source = sources.get(name);
  if (source === undefined) {
    const listeners = new Set<() => void>();
    source = { listeners, onSignal: () => [...listeners].forEach((each) => each()) };
    sources.set(name, source);
    hostProcess?.on(name, source.onSignal);
  }
  source.listeners.add(listener);
  return () => {
    const current = sources.get(name);
    if (current === undefined || !current.listeners.delete(listener) || current.listeners.size > 0) return;
    sources.delete(name);
    hostProcess?.off(name, current.onSignal);
  };
}

export function hasListeners(name: SignalName): boolean {
  return sources.has(name);
}
