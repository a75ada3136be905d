import { asyncFn, main, now, sleep, tryJoinAll } from "millrace";

const fetchUser = asyncFn(function* (id: number) {
  let isDone = false;
  try {
    yield* sleep(100 * id);
    if (id === 3) throw new Error(`no user ${id}`);
    isDone = true;
    return { id };
  } finally {
    if (!isDone) console.log(`request ${id} released its socket`);
  }
});

await main(function* () {
  const start = now();
  const requests = [1, 2, 3, 4, 5].map((id) => fetchUser(id));
  const outcome = yield* tryJoinAll(requests).settled(); // without `settled` it throws
  if (outcome.status === "rejected") console.log(`${outcome.reason}, after ${Math.round(now() - start)} ms`);
});
