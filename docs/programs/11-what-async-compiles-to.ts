import { asyncFn, Future, main, PENDING, type Poll, sleep, type Sleep, type Waker } from "millrace";

// 1. An async function: the engine keeps the state and resumes it in a microtask.
const asAsync = asyncFn(async (name: string) => {
  await sleep(10);
  const greeting = `hello ${name}`;
  await sleep(10);
  return greeting;
});

// 2. A generator: the engine keeps the state, the task resumes it.
const asGenerator = asyncFn(function* (name: string) {
  yield* sleep(10);
  const greeting = `hello ${name}`;
  yield* sleep(10);
  return greeting;
});

// 3. By hand: the state is a field, and each suspension point is a number.
class ByHand extends Future<string> {
  #state = 0;
  #sleep: Sleep | undefined;
  #greeting = "";
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }
  poll(waker: Waker): Poll<string> {
    for (;;) {
      switch (this.#state) {
        case 0: // the start
          this.#sleep = sleep(10);
          this.#state = 1;
          continue;
        case 1: // at the first await
          if (this.#sleep!.poll(waker) === PENDING) return PENDING;
          this.#greeting = `hello ${this.#name}`;
          this.#sleep = sleep(10);
          this.#state = 2;
          continue;
        case 2: // at the second await
          if (this.#sleep!.poll(waker) === PENDING) return PENDING;
          this.#state = 3;
          return this.#greeting;
        default:
          throw new Error("polled after it was done");
      }
    }
  }
  override drop(): void {
    this.#sleep?.[Symbol.dispose](); // an async function would run its `finally` blocks here
  }
}

await main(async () => {
  console.log(await asAsync("engine"));
  console.log(await asGenerator("task"));
  console.log(await new ByHand("poll"));
});
