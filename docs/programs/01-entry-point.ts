import { asyncFn, main, sleep } from "millrace";

const fetchGreeting = asyncFn(async (name: string) => {
  await sleep(100); // stands for the network
  return `hello ${name}`;
});

await main(async () => {
  console.log(await fetchGreeting("mill"));
  console.log(await fetchGreeting("race")); // begins when the first has ended
});
