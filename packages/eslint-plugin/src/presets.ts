/**
 * The rules by name, and how loudly each speaks in a preset: `recommended` stops what can only be a
 * mistake and warns of what is one more often than not; `strict` stops both.
 */
import type { Linter, Rule } from "eslint";
import { noBlockingInAsync } from "./rules/no-blocking-in-async.ts";
import { noDetachedSpawn } from "./rules/no-detached-spawn.ts";
import { noFloatingFuture } from "./rules/no-floating-future.ts";
import { noLockAcrossAwait } from "./rules/no-lock-across-await.ts";
import { noPromiseRaceLeak } from "./rules/no-promise-race-leak.ts";
import { noSelectSideEffects } from "./rules/no-select-side-effects.ts";
import { noSwallowedCancellation } from "./rules/no-swallowed-cancellation.ts";
import { noUnboundedChannel } from "./rules/no-unbounded-channel.ts";
import { yieldStar } from "./rules/yield-star.ts";

export const rules: Readonly<Record<string, Rule.RuleModule>> = {
  "no-blocking-in-async": noBlockingInAsync,
  "no-detached-spawn": noDetachedSpawn,
  "no-floating-future": noFloatingFuture,
  "no-lock-across-await": noLockAcrossAwait,
  "no-promise-race-leak": noPromiseRaceLeak,
  "no-select-side-effects": noSelectSideEffects,
  "no-swallowed-cancellation": noSwallowedCancellation,
  "no-unbounded-channel": noUnboundedChannel,
  "yield-star": yieldStar,
};

export const recommended: Linter.RulesRecord = {
  "millrace/no-blocking-in-async": ["warn", { parse: false, allow: ["existsSync"] }],
  "millrace/no-detached-spawn": "error",
  "millrace/no-floating-future": "error",
  "millrace/no-lock-across-await": "warn",
  "millrace/no-promise-race-leak": "warn",
  "millrace/no-select-side-effects": "error",
  "millrace/no-swallowed-cancellation": "warn",
  "millrace/no-unbounded-channel": "warn",
  "millrace/yield-star": "error",
};

export const strict: Linter.RulesRecord = Object.fromEntries(
  Object.keys(recommended).map((name) => [name, "error"]),
);
