/** Both styles of a body: `inStyles("…", { async await() {…}, *yield() {…} })` makes a test of each. */
import { Runtime, type RuntimeOptions, type Routine, type TaskFailure } from "millrace";
import { test } from "vitest";

export interface Styles {
  readonly await: () => Promise<void>;
  readonly yield: () => Routine<void>;
}

/** What nobody observed: a test fails with it, unless it takes it. */
export const unobserved: TaskFailure[] = [];

export function inStyles(name: string, { await: awaiting, yield: yielding }: Styles): void {
  test(`${name} (await)`, () => run(awaiting));
  test(`${name} (yield*)`, () => run(yielding as () => Routine<void>));
}

export async function run(
  body: (() => Promise<void>) | (() => Routine<void>),
  options: RuntimeOptions = {},
): Promise<void> {
  unobserved.length = 0;
  await using runtime = new Runtime({ ...options, onTaskFailure: (failure) => unobserved.push(failure) });
  await runtime.run(body as () => Promise<void>);
  await runtime.shutdown();
  if (unobserved.length > 0) throw new Error("a failure was not observed", { cause: unobserved[0]!.error });
}
