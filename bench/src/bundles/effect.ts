import { Effect, Fiber } from "effect";

await Effect.runPromise(
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.sleep(1));
    yield* Fiber.join(fiber);
  }),
);
