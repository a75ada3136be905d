import { asyncFn, main, sleep, timeout, TimeoutError } from "millrace";

const slow = asyncFn(async () => {
  try {
    await sleep(60_000);
    return "an answer";
  } finally {
    console.log("slow() was abandoned");
  }
});

await main(async () => {
  try {
    console.log(await timeout(5000, slow()));
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log(error.message);
  }
});
