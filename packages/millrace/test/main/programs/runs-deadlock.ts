/** A script without `main`: what can never finish, again and again, in both styles. */
import { DeadlockError, mpsc, Mutex, Notify, Runtime } from "millrace";

const [tx, rx] = mpsc.channel<number>(1);
const mutex = new Mutex(0);
const guard = await mutex.lock();

const told = (round: number) => (error: unknown) => {
  if (!(error instanceof DeadlockError)) throw error;
  console.log(round, error.waits[0]!.replace(/.* waits for /, ""));
};

const runtime = new Runtime();
await runtime.run(async () => rx.recv()).catch(told(1));
await runtime
  .run(function* () {
    yield* mutex.lock();
  })
  .catch(told(2));
await new Runtime().run(async () => new Notify().notified()).catch(told(3));

guard.release();
tx.close();
