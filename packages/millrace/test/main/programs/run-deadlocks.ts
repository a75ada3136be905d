/** `Runtime.run` of something that can never finish, then of something that can. */
import { DeadlockError, Runtime, Semaphore, sleep } from "millrace";

const runtime = new Runtime();
const locked = new Semaphore(0);
runtime
  .run(function* () {
    yield* locked.acquire();
  })
  .then(
    () => console.log("finished"),
    async (error: unknown) => {
      console.log(error instanceof DeadlockError, (error as DeadlockError).waits.length);
      console.log(await runtime.run(async () => sleep(1).map(() => "goes on")));
    },
  );
