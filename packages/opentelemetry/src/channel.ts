/** Listens to one kind of event; the others are then not even made. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { DiagnosticEvent } from "millrace/diagnostics";

type EventOf<Type extends DiagnosticEvent["type"]> = Extract<DiagnosticEvent, { readonly type: Type }>;

export function listen<const Type extends DiagnosticEvent["type"]>(
  type: Type,
  listener: (event: EventOf<Type>) => void,
): Disposable {
  const onMessage = (message: unknown): void => listener(message as EventOf<Type>);
  subscribe(`millrace:${type}`, onMessage);
  return {
    [Symbol.dispose]() {
      unsubscribe(`millrace:${type}`, onMessage);
    },
  };
}
