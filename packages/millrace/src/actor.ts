/** `millrace/actor`: state owned by one task, reached only by messages. */
import "./future-methods.ts";

export { startActor } from "./actor/start-actor.ts";
export type { ActorOptions } from "./actor/start-actor.ts";
export type { ActorRef } from "./actor/actor-ref.ts";
export type { ActorContext, WeakActorRef } from "./actor/actor-context.ts";
export { supervise } from "./actor/supervise.ts";
export type { Strategy } from "./actor/supervise.ts";
