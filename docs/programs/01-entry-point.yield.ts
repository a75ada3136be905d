import { asyncFn, main, sleep } from "millrace";

const fetchGreeting = asyncFn(function* (name: string) {
  yield* sleep(100); // stands for the network
  return `hello ${name}`;
});

await main(function* () {
  console.log(yield* fetchGreeting("mill"));
  console.log(yield* fetchGreeting("race")); // begins when the first has ended
});
