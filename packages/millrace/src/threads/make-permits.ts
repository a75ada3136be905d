/** Makes permits of what the platform has. */
import { sharesMemory } from "./backend.ts";
import { KeptPermits } from "./kept-permits.ts";
import type { Permits } from "./permits.ts";
import type { SharedParts } from "./shareable.ts";
import { SharedPermits } from "./shared-permits.ts";

export function makePermits(count: number): Permits {
  return sharesMemory() ? new SharedPermits(count) : new KeptPermits(count);
}
/** Those of another thread. */
export function samePermits({ memory, port }: SharedParts): Permits {
  return memory === undefined ? new KeptPermits(0, port) : new SharedPermits(0, memory);
}
