/** The command line. */
import { parseArgs } from "node:util";
import type { View } from "./rows.ts";

export interface Options {
  readonly out: string;
  /** Undefined: as many as there are cores. */
  readonly threads: number | undefined;
  readonly view: View;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const options = {
  out: { type: "string", default: "mandelbrot.png" },
  threads: { type: "string" },
  width: { type: "string", default: "1200" },
  height: { type: "string", default: "800" },
  re: { type: "string", default: "-0.6" },
  im: { type: "string", default: "0" },
  span: { type: "string", default: "3.2" },
  iterations: { type: "string", default: "1000" },
} as const;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  let values: Partial<Record<keyof typeof options, string>>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
  const number = (name: keyof typeof options): number => {
    const value = Number(values[name]);
    if (Number.isFinite(value) && values[name]?.trim() !== "") return value;
    throw new UsageError(`--${name} takes a number, not ${JSON.stringify(values[name])}`);
  };
  const count = (name: keyof typeof options): number => {
    const value = number(name);
    if (Number.isInteger(value) && value > 0) return value;
    throw new UsageError(`--${name} takes a positive whole number, not ${values[name]}`);
  };
  return {
    out: values.out!,
    threads: values.threads === undefined ? undefined : count("threads"),
    view: {
      width: count("width"),
      height: count("height"),
      re: number("re"),
      im: number("im"),
      span: number("span"),
      iterations: count("iterations"),
    },
  };
}
