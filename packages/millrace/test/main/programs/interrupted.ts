/** Waits to be interrupted, and cleans up for as many ms as it is told. */
import { asyncFn, main, scope, sleep } from "millrace";

const [, , style, cleanup = "1", then] = process.argv;
const forever = 1e9;
const cleanupWindow = 1e9;

const nested = asyncFn(function* () {
  try {
    console.log("ready");
    yield* sleep(forever);
  } finally {
    console.log("cleaning");
    yield* sleep(Number(cleanup));
    console.log("cleaned");
  }
});

if (style === "async") {
  main(
    async (cx) => {
      try {
        await scope(async (tasks) => {
          tasks.spawn(async () => {
            try {
              console.log("ready");
              await sleep(forever);
            } finally {
              console.log("cleaning");
              await sleep(Number(cleanup));
              console.log("cleaned");
            }
          });
        });
      } catch (error) {
        console.log("cancelled", cx.isCancelled, cx.signal.aborted);
        throw then === "throws" ? new Error("cleanup failed") : error;
      }
    },
    { cleanupWindow },
  );
} else {
  main(
    function* (cx) {
      try {
        yield* nested();
      } catch (error) {
        console.log("cancelled", cx.isCancelled, cx.signal.aborted);
        if (then === "throws") throw new Error("cleanup failed");
        if (then !== "swallows") throw error;
      }
    },
    { cleanupWindow },
  );
}
