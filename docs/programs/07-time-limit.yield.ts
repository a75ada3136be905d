import { asyncFn, main, sleep, timeout, TimeoutError } from "millrace";

const slow = asyncFn(function* () {
  try {
    yield* sleep(60_000);
    return "an answer";
  } finally {
    console.log("slow() was abandoned");
  }
});

await main(function* () {
  try {
    console.log(yield* timeout(5000, slow()));
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log(error.message);
  }
});
