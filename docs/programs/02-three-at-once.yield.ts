import { asyncFn, join, main, now, sleep } from "millrace";

const fetchUser = asyncFn(function* (id: number) {
  yield* sleep(100 * id); // user 3 is the slowest
  return { id, name: ["Ada", "Bob", "Cleo"][id - 1]! };
});

await main(function* () {
  const start = now();
  const [ada, bob, cleo] = yield* join(fetchUser(1), fetchUser(2), fetchUser(3));
  console.log(`${ada.name}, ${bob.name} and ${cleo.name} after ${Math.round(now() - start)} ms`);
});
