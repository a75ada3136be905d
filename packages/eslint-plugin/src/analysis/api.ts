/**
 * What the entry points of millrace export, as far as the rules have to know: which calls give futures,
 * handles, guards and channels. A test compares it with the library.
 *
 * A type is written as a string:
 *
 *     Mutex                an instance; its members are below
 *     Future<MutexGuard>   an instance, and what awaiting it gives
 *     () T                 a function that returns a T
 *     new T                the class of T; `typeof T` below has its static members
 *     type T               a name that exists for the compiler only
 *     [A, B]               a pair
 *     this                 the type of the object itself
 *     Future<this>         a future of what the object is a future of
 */
export type Type = string;

interface Shape {
  /** The class that it extends. */
  readonly extends?: string;
  readonly members: Readonly<Record<string, Type>>;
}

const future = "() Future";
const shape = (members: Record<string, Type>, parent?: string): Shape =>
  parent === undefined ? { members } : { members, extends: parent };

const channelEnds = (namespace: string) => `() [${namespace}.Sender, ${namespace}.Receiver]`;

/** Every named type, without its type arguments. */
export const shapes: Readonly<Record<string, Shape>> = {
  // ── futures
  Future: shape({
    map: future,
    settled: future,
    shared: "() SharedFuture<this>",
    ref: "() Future<this>",
    timeout: "() Future<this>",
    until: "() Future<this>",
  }),
  SharedFuture: shape({ clone: "() SharedFuture" }, "Future"),
  Sleep: shape({}, "Future"),
  Notified: shape({}, "Future"),
  JoinHandle: shape({}, "Future"),

  // ── tasks
  TaskScope: shape({ spawn: "() JoinHandle" }),
  JoinSet: shape({ spawn: "() AbortHandle", joinNext: future, joinAll: future, shutdown: future }),
  JoinMap: shape({ spawn: "() AbortHandle", joinNext: future, shutdown: future }),
  TaskTracker: shape({ spawn: "() JoinHandle", track: future, wait: future }),
  TaskLocal: shape({ scope: future }),
  AbortHandle: shape({}),
  Runtime: shape({ run: "() Promise", spawn: "() JoinHandle", shutdown: "() Promise" }),
  "typeof Runtime": shape({ current: "() Runtime" }),
  LocalExecutor: shape({ run: "() Promise", spawn: "() JoinHandle" }),
  CancellationToken: shape({
    cancelled: future,
    runUntilCancelled: future,
    childToken: "() CancellationToken",
  }),
  "typeof CancellationToken": shape({ from: "() CancellationToken" }),
  SignalListener: shape({ recv: future }),

  // ── time
  Interval: shape({ tick: future }),
  DelayQueue: shape({ next: future }),

  TestClock: shape({ advance: future, settle: future }),

  // ── channels
  mpsc: shape({
    channel: channelEnds("mpsc"),
    unbounded: "() [mpsc.UnboundedSender, mpsc.Receiver]",
    Sender: "new mpsc.Sender",
    Receiver: "new mpsc.Receiver",
    UnboundedSender: "new mpsc.UnboundedSender",
    Permit: "new mpsc.Permit",
  }),
  "mpsc.Sender": shape({
    send: future,
    reserve: "() Future<mpsc.Permit>",
    reserveMany: future,
    closed: future,
    clone: "() this",
  }),
  "mpsc.UnboundedSender": shape({ closed: future, clone: "() this" }),
  "mpsc.Receiver": shape({ recv: future, recvMany: future }),
  "mpsc.Permit": shape({}),
  oneshot: shape({
    channel: channelEnds("oneshot"),
    Sender: "new oneshot.Sender",
    Receiver: "new oneshot.Receiver",
  }),
  "oneshot.Sender": shape({ closed: future }),
  "oneshot.Receiver": shape({}, "Future"),
  broadcast: shape({
    channel: channelEnds("broadcast"),
    Sender: "new broadcast.Sender",
    Receiver: "new broadcast.Receiver",
  }),
  "broadcast.Sender": shape({ closed: future, subscribe: "() broadcast.Receiver", clone: "() this" }),
  "broadcast.Receiver": shape({ recv: future, resubscribe: "() this" }),
  watch: shape({
    channel: channelEnds("watch"),
    Sender: "new watch.Sender",
    Receiver: "new watch.Receiver",
  }),
  "watch.Sender": shape({ closed: future, subscribe: "() watch.Receiver", clone: "() this" }),
  "watch.Receiver": shape({ changed: future, waitFor: future, clone: "() this" }),

  // ── locks
  Mutex: shape({ lock: "() Future<MutexGuard>", tryLock: "() MutexGuard", with: future }),
  RwLock: shape({
    read: "() Future<ReadGuard>",
    write: "() Future<WriteGuard>",
    tryRead: "() ReadGuard",
    tryWrite: "() WriteGuard",
  }),
  MutexGuard: shape({}),
  ReadGuard: shape({}),
  WriteGuard: shape({ downgrade: "() ReadGuard" }),
  Semaphore: shape({ acquire: "() Future<SemaphorePermit>", with: future }),
  SemaphorePermit: shape({}),
  Notify: shape({ notified: "() Notified" }),
  Barrier: shape({ wait: future }),
  OnceCell: shape({ getOrInit: future }),
  SetOnce: shape({ wait: future }),
  RateLimiter: shape({ acquire: future }),

  // ── streams
  Stream: shape({
    next: future,
    forEach: future,
    forEachConcurrent: future,
    fold: future,
    collect: future,
    count: future,
    first: future,
    last: future,
    find: future,
    any: future,
    all: future,
    forward: future,
    peekable: "() Peekable",
    ...lazily(
      "buffered bufferUnordered chain chunks chunksTimeout debounce enumerate filter filterMap flatMap",
    ),
    ...lazily("flatMapUnordered inspect map mapAsync merge readyChunks scan skip skipWhile take takeUntil"),
    ...lazily("takeWhile throttle timeout zip"),
  }),
  "typeof Stream": shape(lazily("from of empty once repeat range unfold produce fromEvents mergeAll")),
  Peekable: shape({ peek: future, nextIf: future }, "Stream"),
  StreamMap: shape({}, "Stream"),

  // ── actors
  ActorRef: shape({ ask: "AnyMethod", tell: "AnyMethod", stop: future, stopped: future, clone: "() this" }),
  AnyMethod: shape({ "*": future }),

  // ── threads
  ThreadFn: shape({ "()": "Future", with: "() () Future" }),
  ThreadPool: shape({ spawn: "() JoinHandle", shutdown: "() Promise" }),
  "typeof ThreadPool": shape({ default: "() ThreadPool" }),
  SharedSender: shape({ send: future, clone: "() this" }),
  SharedReceiver: shape({ recv: future }),
  SharedMutex: shape({ lock: "() Future<SharedGuard>", tryLock: "() SharedGuard" }),
  SharedGuard: shape({}),
  SharedSemaphore: shape({ acquire: future }),

  // ── diagnostics
  ServedConsole: shape({ close: future }),
};

function lazily(names: string): Record<string, Type> {
  return Object.fromEntries(names.split(" ").map((name) => [name, "() Stream"]));
}

const classes = (names: string): Record<string, Type> =>
  Object.fromEntries(names.split(" ").map((name) => [name, `new ${name}`]));
const types = (names: string): Record<string, Type> =>
  Object.fromEntries(names.split(" ").map((name) => [name, `type ${name}`]));
const futures = (names: string): Record<string, Type> =>
  Object.fromEntries(names.split(" ").map((name) => [name, future]));

/** The modules, and what each exports. */
export const modules: Readonly<Record<string, Readonly<Record<string, Type>>>> = {
  millrace: {
    ...futures(
      "ready pending pollFn fromPromise fromEvent join tryJoin joinAll tryJoinAll joinSettled race any",
    ),
    ...futures("select scope yieldNow consumeBudget unconstrained shield ctrlC timeout timeoutAt"),
    ...classes(
      "Future SharedFuture JoinHandle JoinSet JoinMap TaskTracker Runtime LocalExecutor Sleep Interval",
    ),
    ...classes(
      "CancellationToken DelayQueue Mutex RwLock Semaphore Notify Notified Barrier OnceCell SetOnce",
    ),
    ...classes("RateLimiter CancelledError"),
    ...types(
      "TaskScope TaskLocal AbortHandle SignalListener MutexGuard ReadGuard WriteGuard SemaphorePermit",
    ),
    asyncFn: "() () Future",
    spawn: "() JoinHandle",
    taskLocal: "() TaskLocal",
    osSignal: "() SignalListener",
    sleep: "() Sleep",
    sleepUntil: "() Sleep",
    interval: "() Interval",
    main: "() Promise",
    mpsc: "mpsc",
    oneshot: "oneshot",
    broadcast: "broadcast",
    watch: "watch",
  },
  "millrace/stream": classes("Stream Peekable StreamMap"),
  "millrace/actor": { ...types("ActorRef"), startActor: "() ActorRef", supervise: future },
  "millrace/threads": {
    ...classes("ThreadPool SharedMutex SharedSemaphore"),
    ...types("ThreadFn SharedSender SharedReceiver SharedGuard"),
    threaded: "() ThreadFn",
    spawnBlocking: "() JoinHandle",
    spawnInline: "() JoinHandle",
    parMap: future,
    sharedChannel: "() [SharedSender, SharedReceiver]",
  },
  "millrace/testing": {
    ...types("TestClock"),
    explore: "() Promise",
    paused: "() Promise",
    replay: "() Promise",
  },
  "millrace/diagnostics": { ...types("ServedConsole"), serveConsole: "() Future<ServedConsole>" },
};

/** Which argument of a call is the body of a task, and what that body is given. */
export interface BodyArgument {
  readonly at: number;
  readonly parameters: readonly Type[];
}

const body = (at: number, ...parameters: Type[]): BodyArgument => ({ at, parameters });

export const bodies: Readonly<Record<string, BodyArgument>> = {
  asyncFn: body(0),
  explore: body(0),
  main: body(0),
  paused: body(0, "TestClock"),
  replay: body(0),
  scope: body(0, "TaskScope"),
  shield: body(0),
  spawn: body(0),
  spawnInline: body(0),
  threaded: body(1),
  "JoinMap.spawn": body(1),
  "JoinSet.spawn": body(0),
  "LocalExecutor.spawn": body(0),
  "Mutex.with": body(0, "MutexGuard"),
  "OnceCell.getOrInit": body(0),
  "Runtime.run": body(0),
  "Runtime.spawn": body(0),
  "Semaphore.with": body(0),
  "Stream.forEach": body(0),
  "Stream.forEachConcurrent": body(1),
  "Stream.mapAsync": body(0),
  "Stream.produce": body(1, "() Future"),
  "TaskLocal.scope": body(1),
  "TaskScope.spawn": body(0),
  "TaskTracker.spawn": body(0),
};
