/// <reference lib="esnext.iterator" />
/** The job of the stream rows: numbers from an array, mapped, filtered, mapped by an async function, folded. */
import { add } from "./workload.ts";

export const IN_FLIGHT = 10;

/** 0 to `count` - 1: made once for each `count`, so that no contender pays for its source. */
export function numbers(count: number): readonly number[] {
  let items = made.get(count);
  if (items === undefined) made.set(count, (items = Array.from({ length: count }, (_, index) => index)));
  return items;
}
const made: Map<number, readonly number[]> = new Map();

/** The map. */
export function triple(value: number): number {
  return (value * 3) | 0;
}
/** The filter: every other number passes. */
export function isEven(value: number): boolean {
  return (value & 1) === 0;
}
/** The async map. */
export async function work(value: number): Promise<number> {
  return value + 1;
}

/** An order of folding that tells orders apart. */
export function fold(state: number, value: number): number {
  return (Math.imul(state, 31) + value) | 0;
}

/** What all who keep the order must get. */
export function inOrder(operations: number): number {
  let state = 0;
  for (let i = 0; i < operations; i++) if (isEven(triple(i))) state = fold(state, triple(i) + 1);
  return state;
}
/** What all who may change the order must get. */
export function inAnyOrder(operations: number): number {
  let state = 0;
  for (let i = 0; i < operations; i++) if (isEven(triple(i))) state = add(state, triple(i) + 1);
  return state;
}
