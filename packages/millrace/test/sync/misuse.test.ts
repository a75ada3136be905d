/** Every misuse: thrown at once, at the caller's line, in words that say what was expected and what was got. */
import {
  Barrier,
  broadcast,
  ClosedError,
  mpsc,
  Mutex,
  OnceCell,
  oneshot,
  RateLimiter,
  RwLock,
  Semaphore,
  type SemaphorePermit,
  watch,
} from "millrace";
import { expect, test } from "vitest";
import { forgetsTailCalls, now } from "./outcome.ts";

type Misuse = readonly [
  type: new (...args: never[]) => Error,
  /** What happened, was expected, was got. */
  message: RegExp,
  misuse: () => unknown,
];

const nothing = undefined as unknown as number;
const noFunction = 7 as unknown as () => never;

const [tx, rx] = mpsc.channel<number>(4);
const permit = now(tx.reserve());
const usedPermit = now(tx.reserve());
usedPermit.send(1);
const releasedPermit = now(tx.reserve());
releasedPermit.release();
const closedTx = tx.clone();
closedTx.close();
const [unbounded] = mpsc.unbounded<number>();
const closedUnbounded = unbounded.clone();
closedUnbounded.close();
const mpscRows: Record<string, Misuse> = {
  "a capacity of 0": [RangeError, /mpsc\.channel .*capacity .*at least 1, got 0/, () => mpsc.channel(0)],
  "a fractional capacity": [RangeError, /capacity to be an integer .*got 1\.5/, () => mpsc.channel(1.5)],
  "a capacity of NaN": [RangeError, /capacity to be an integer .*got NaN/, () => mpsc.channel(NaN)],
  "a negative reserveMany": [RangeError, /Sender\.reserveMany .*got -1/, () => tx.reserveMany(-1)],
  "a fractional reserveMany": [RangeError, /Sender\.reserveMany .*got 0\.5/, () => tx.reserveMany(0.5)],
  "a negative recvMany": [RangeError, /Receiver\.recvMany .*got -1/, () => rx.recvMany([], -1)],
  "a capacity that is a string": [RangeError, /got "3"/, () => mpsc.channel("3" as never)],
  "a capacity that is a bigint": [RangeError, /got 3n/, () => mpsc.channel(3n as never)],
  "a capacity that is an object": [RangeError, /got \{\}/, () => mpsc.channel(Object.create(null) as never)],
  "a name that is no string": [
    TypeError,
    /a channel expects its name .*string, got 3/,
    () => mpsc.channel(1, { name: 3 as never }),
  ],
  "recvMany into null": [TypeError, /an array .*got null/, () => rx.recvMany(null as never, 1)],
  "recvMany into a frozen array": [
    TypeError,
    /an array to append to, got one that cannot grow/,
    () => rx.recvMany(Object.freeze([]) as never, 1),
  ],
  "recvMany into nothing": [TypeError, /an array .*got undefined/, () => rx.recvMany(nothing as never, 1)],
  "send of undefined": [TypeError, /Sender\.send .*other than undefined/, () => tx.send(nothing)],
  "trySend of undefined": [TypeError, /Sender\.trySend .*other than undefined/, () => tx.trySend(nothing)],
  "undefined by a permit": [TypeError, /Permit\.send .*other than undefined/, () => permit.send(nothing)],
  "undefined, unbounded": [TypeError, /UnboundedSender\.send .*undefined/, () => unbounded.send(nothing)],
  "a permit used twice": [ClosedError, /Permit\.send .*already used/, () => usedPermit.send(1)],
  "a released permit": [ClosedError, /Permit\.send .*released/, () => releasedPermit.send(1)],
  "send when closed": [ClosedError, /Sender\.send on a sender that was closed/, () => closedTx.send(1)],
  "trySend when closed": [ClosedError, /Sender\.trySend on a sender .* closed/, () => closedTx.trySend(1)],
  "reserve when closed": [ClosedError, /Sender\.reserve on a sender .* closed/, () => closedTx.reserve()],
  "reserveMany when closed": [ClosedError, /Sender\.reserveMany on .* closed/, () => closedTx.reserveMany(1)],
  "tryReserve when closed": [ClosedError, /Sender\.tryReserve on .* closed/, () => closedTx.tryReserve()],
  "clone when closed": [ClosedError, /Sender\.clone on .* closed/, () => closedTx.clone()],
  "downgrade when closed": [ClosedError, /Sender\.downgrade on .* closed/, () => closedTx.downgrade()],
  "closed() when closed": [ClosedError, /Sender\.closed on .* closed/, () => closedTx.closed()],
  "unbounded send when closed": [ClosedError, /UnboundedSender\.send on/, () => closedUnbounded.send(1)],
  "unbounded clone when closed": [ClosedError, /UnboundedSender\.clone on/, () => closedUnbounded.clone()],
  "unbounded closed() when closed": [
    ClosedError,
    /UnboundedSender\.closed on/,
    () => closedUnbounded.closed(),
  ],
};

const [once] = oneshot.channel<number>();
once.send(1);
const [closedOnce] = oneshot.channel<number>();
closedOnce.close();
const [broadcastTx, broadcastRx] = broadcast.channel<number>(2);
const closedBroadcast = broadcastTx.clone();
closedBroadcast.close();
const closedListener = broadcastRx.resubscribe();
closedListener.close();
const [watchTx, watchRx] = watch.channel(0);
const closedWatch = watchTx.clone();
closedWatch.close();
const closedWatcher = watchRx.clone();
closedWatcher.close();
const channelRows: Record<string, Misuse> = {
  "oneshot: send twice": [ClosedError, /oneshot\.Sender\.send .*twice.* one value/, () => once.send(2)],
  "oneshot: send when closed": [ClosedError, /oneshot\.Sender\.send on a closed/, () => closedOnce.send(2)],
  "oneshot: closed() when closed": [ClosedError, /oneshot\.Sender\.closed on/, () => closedOnce.closed()],
  "broadcast: a capacity of 0": [RangeError, /capacity .*at least 1, got 0/, () => broadcast.channel(0)],
  "broadcast: a fraction": [RangeError, /capacity .*an integer .*got 2\.5/, () => broadcast.channel(2.5)],
  "broadcast: too many": [RangeError, /at most 1073741824, got 2147483648/, () => broadcast.channel(2 ** 31)],
  "broadcast: undefined": [TypeError, /broadcast\.Sender\.send .*undefined/, () => broadcastTx.send(nothing)],
  "broadcast: send when closed": [ClosedError, /Sender\.send on/, () => closedBroadcast.send(1)],
  "broadcast: subscribe when closed": [ClosedError, /subscribe on/, () => closedBroadcast.subscribe()],
  "broadcast: clone when closed": [ClosedError, /Sender\.clone on/, () => closedBroadcast.clone()],
  "broadcast: closed() when closed": [ClosedError, /Sender\.closed on/, () => closedBroadcast.closed()],
  "broadcast: recv when closed": [ClosedError, /Receiver\.recv on/, () => closedListener.recv()],
  "broadcast: tryRecv when closed": [ClosedError, /Receiver\.tryRecv on/, () => closedListener.tryRecv()],
  "broadcast: resubscribe when closed": [ClosedError, /resubscribe on/, () => closedListener.resubscribe()],
  "watch: send when closed": [ClosedError, /watch\.Sender\.send on/, () => closedWatch.send(1)],
  "watch: sendReplace when closed": [ClosedError, /Sender\.sendReplace on/, () => closedWatch.sendReplace(1)],
  "watch: sendModify when closed": [ClosedError, /sendModify on/, () => closedWatch.sendModify((n) => n)],
  "watch: borrow of a closed sender": [ClosedError, /Sender\.borrow on/, () => closedWatch.borrow()],
  "watch: subscribe when closed": [ClosedError, /Sender\.subscribe on/, () => closedWatch.subscribe()],
  "watch: clone when closed": [ClosedError, /Sender\.clone on/, () => closedWatch.clone()],
  "watch: closed() when closed": [ClosedError, /Sender\.closed on/, () => closedWatch.closed()],
  "watch: borrow when closed": [ClosedError, /Receiver\.borrow on/, () => closedWatcher.borrow()],
  "watch: changed when closed": [ClosedError, /Receiver\.changed on/, () => closedWatcher.changed()],
  "watch: waitFor when closed": [ClosedError, /Receiver\.waitFor on/, () => closedWatcher.waitFor(Boolean)],
  "watch: hasChanged when closed": [ClosedError, /Receiver\.hasChanged on/, () => closedWatcher.hasChanged()],
  "watch: markChanged when closed": [ClosedError, /markChanged on/, () => closedWatcher.markChanged()],
  "watch: a receiver cloned when closed": [ClosedError, /Receiver\.clone on/, () => closedWatcher.clone()],
  "watch: waitFor null": [TypeError, /waitFor .*got null/, () => watchRx.waitFor(null as never)],
  "watch: sendModify a number": [
    TypeError,
    /Sender\.sendModify expects a function, got number/,
    () => watchTx.sendModify(noFunction),
  ],
  "watch: sendIfModified nothing": [
    TypeError,
    /Sender\.sendIfModified expects a function, got undefined/,
    () => watchTx.sendIfModified(undefined as never),
  ],
  "watch: waitFor a number": [
    TypeError,
    /waitFor .*a function, got number/,
    () => watchRx.waitFor(noFunction),
  ],
};

const mutex = new Mutex(0);
const released = now(mutex.lock());
released.release();
const lock = new RwLock(0);
const read = now(lock.read());
read.release();
const written = now(lock.write());
written.release();
const semaphore = new Semaphore(9);
const held = now(semaphore.acquire(2));
const gone = now(semaphore.acquire(2));
gone.release();
const foreign = now(new Semaphore(1).acquire());
const limiter = new RateLimiter({ rate: 2, per: 10 });
const lockRows: Record<string, Misuse> = {
  "a mutex guard read after its release": [ClosedError, /MutexGuard\.value .*released/, () => released.value],
  "a mutex guard written after its release": [ClosedError, /MutexGuard\.value/, () => (released.value = 1)],
  "Mutex.with a number": [TypeError, /Mutex\.with .*a function .*got number/, () => mutex.with(noFunction)],
  "a read guard after its release": [ClosedError, /ReadGuard\.value .*released/, () => read.value],
  "a write guard after its release": [ClosedError, /WriteGuard\.value .*released/, () => written.value],
  "a write guard written after its release": [ClosedError, /WriteGuard\.value/, () => (written.value = 1)],
  "downgrade after the release": [ClosedError, /WriteGuard\.downgrade .*released/, () => written.downgrade()],
  "null for options": [TypeError, /RwLock expects options .*got null/, () => new RwLock(0, null as never)],
  "no options": [
    TypeError,
    /RateLimiter expects options .*got undefined/,
    () => new RateLimiter(undefined as never),
  ],
  "a period that is a string": [
    RangeError,
    /got "1000"/,
    () => new RateLimiter({ rate: 1, per: "1000" as never }),
  ],
  "a name that is a number": [
    TypeError,
    /mutex expects its name .*got 3/,
    () => new Mutex(0, { name: 3 as never }),
  ],
  "no readers": [RangeError, /maxReaders .*from 1 to \d+, got 0/, () => new RwLock(0, { maxReaders: 0 })],
  "too many readers": [RangeError, /got 536870912/, () => new RwLock(0, { maxReaders: 2 ** 29 })],
  "negative permits": [RangeError, /Semaphore expects permits .*at least 0, got -1/, () => new Semaphore(-1)],
  "fractional permits": [RangeError, /permits to be an integer .*got 0\.5/, () => new Semaphore(0.5)],
  "too many permits": [RangeError, /got 9007199254740992/, () => new Semaphore(2 ** 53)],
  "acquire of a fraction": [RangeError, /Semaphore\.acquire .*got 1\.5/, () => semaphore.acquire(1.5)],
  "tryAcquire of less than 0": [RangeError, /tryAcquire .*got -1/, () => semaphore.tryAcquire(-1)],
  "addPermits of a fraction": [RangeError, /addPermits .*got 0\.5/, () => semaphore.addPermits(0.5)],
  "addPermits past the most": [
    RangeError,
    /addPermits expects at most 9007199254740991 permits in all, got \d and 9007199254740991 more/,
    () => semaphore.addPermits(Number.MAX_SAFE_INTEGER),
  ],
  "forgetPermits of less than 0": [RangeError, /forgetPermits .*got -1/, () => semaphore.forgetPermits(-1)],
  "Semaphore.with a number": [TypeError, /Semaphore\.with .*got number/, () => semaphore.with(noFunction)],
  "split of a fraction": [RangeError, /SemaphorePermit\.split .*got 0\.5/, () => held.split(0.5)],
  "split after the release": [ClosedError, /SemaphorePermit\.split .*released/, () => gone.split(1)],
  "forget after the release": [ClosedError, /SemaphorePermit\.forget .*released/, () => gone.forget()],
  "merge after the release": [ClosedError, /SemaphorePermit\.merge .*released/, () => gone.merge(held)],
  "merge of a released one": [ClosedError, /SemaphorePermit\.merge .*released/, () => held.merge(gone)],
  "merge of another semaphore": [TypeError, /same semaphore, got one of another/, () => held.merge(foreign)],
  "merge with itself": [TypeError, /merge expects another permit, got the same/, () => held.merge(held)],
  "merge of an object": [
    TypeError,
    /merge expects a permit of a semaphore, got object/,
    () => held.merge({} as SemaphorePermit),
  ],
  "a negative barrier": [RangeError, /Barrier expects parties .*got -1/, () => new Barrier(-1)],
  "a fractional barrier": [RangeError, /Barrier expects parties .*got 1\.5/, () => new Barrier(1.5)],
  "getOrInit with a number": [
    TypeError,
    /getOrInit .*got number/,
    () => new OnceCell().getOrInit(noFunction),
  ],
  "a rate of 0": [RangeError, /rate .*at least 1, got 0/, () => new RateLimiter({ rate: 0, per: 1 })],
  "a rate for no time": [RangeError, /per .*got 0/, () => new RateLimiter({ rate: 1, per: 0 })],
  "a burst of 0": [RangeError, /burst .*got 0/, () => new RateLimiter({ rate: 1, per: 1, burst: 0 })],
  "more than the burst": [RangeError, /at most 2, the burst, got 3/, () => limiter.acquire(3)],
  "more than the burst at once": [RangeError, /at most 2, the burst, got 3/, () => limiter.tryAcquire(3)],
};

const rows = Object.entries({ ...mpscRows, ...channelRows, ...lockRows });

test.each(rows)("%s", (_, [type, message, misuse]) => {
  let thrown: unknown;
  try {
    misuse();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(type);
  const { message: said, stack = "" } = thrown as Error;
  expect(said).toMatch(message);
  // Below the library's own frames is the misuse itself, not the test that calls it.
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const callers = frames.filter((line) => !line.includes("/millrace/src/"));
  const lines = callers.map((line) => Number(/misuse\.test\.ts(?:\?[^:]*)?:(\d+):/.exec(line)?.[1]));
  const [caller, test] = forgetsTailCalls ? [1, ...lines] : lines;
  expect(caller).toBeGreaterThan(0);
  expect(caller).toBeLessThan(test!);
});
