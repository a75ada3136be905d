/** Ends by itself: `returns`, `throws`, `throws-nothing`, `exit-code`, in the style given. */
import { main, sleep } from "millrace";

const [, , how, style] = process.argv;

function end(): void {
  if (how === "throws") throw new TypeError("boom", { cause: new Error("the cause") });
  if (how === "throws-nothing") throw undefined;
  if (how === "exit-code") process.exitCode = 7;
  console.log("done");
}

if (style === "plain") main(() => end());
else if (style === "async") {
  main(async () => {
    await sleep(1);
    end();
  });
} else {
  main(function* () {
    yield* sleep(1);
    end();
  });
}
