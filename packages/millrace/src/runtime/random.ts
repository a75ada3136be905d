/** The runtime's randomness, for programs. */
import { Random } from "../internal/random.ts";
import type { Kernel } from "./kernel.ts";
import { freshSeed } from "./launch.ts";
import { ambientKernel } from "./trail.ts";

/**
 * A number in [0, 1), every multiple of 2^-53 equally likely, from the seed of the runtime that the caller
 * belongs to: with `new Runtime({ seed })` and `main(body, { seed })` the same ones come again. For jitter
 * and sampling, not for secrets.
 *
 * @example
 * ```ts
 * import { Runtime } from "millrace";
 * import { random } from "millrace/random";
 *
 * const roll = () => new Runtime({ seed: 7 }).run(() => random());
 * console.log((await roll()) === (await roll())); // true
 * ```
 */
export function random(): number {
  return randomOf(ambientKernel()).float();
}

/** That of a runtime, which many never need. */
export function randomOf(kernel: Kernel): Random {
  return (kernel.random ??= new Random(kernel.seed ?? freshSeed()));
}
