/** `millrace top`: what a program does, in the terminal; without one, what it does now, once. */
import { setTimeout as pause } from "node:timers/promises";
import type { Key } from "node:readline";
import { styleText } from "node:util";
import { connect, type ConsoleClient, type ConsoleTask } from "@millrace/console";
import { exitCodes, UsageError } from "../exit-codes.ts";
import { notice } from "../notice.ts";
import { changed } from "./keys.ts";
import { picture, report, type View } from "./picture.ts";
import { Rates } from "./rates.ts";
import { Screen } from "./screen.ts";

export interface TopOptions {
  readonly sort: string;
  readonly interval: number;
  readonly once?: true;
  /** The task whose details are wanted. */
  readonly task?: number;
}

type TaskId = ConsoleTask["id"];

/** Between two looks whether everything has come, and how many there are: a program may always have more. */
const LOOK_EVERY = 20;
const LOOKS = 250;

export async function top(target: string, options: TopOptions): Promise<void> {
  const isLive = options.once === undefined && process.stdout.isTTY && process.stdin.isTTY;
  const opened = options.task ?? null;
  const view: View = {
    tab: "tasks",
    sortBy: options.sort,
    isInverted: false,
    withEnded: false,
    offset: 0,
    selected: opened,
    opened,
  };
  let client: ConsoleClient;
  try {
    client = await connect(target);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof TypeError) throw new UsageError(message);
    notice(message);
    process.exitCode = exitCodes.failed;
    return;
  }
  try {
    client.watch(opened);
    await complete(client, opened);
    if (isLive) await live(client, view, options.interval * 1000);
    else process.stdout.write(`${report(client, view, new Rates()).join("\n")}\n`);
  } finally {
    client.close();
  }
}

/** The first picture comes in pieces, and the details of a task after it. */
async function complete(client: ConsoleClient, task: number | null): Promise<void> {
  const { state } = client;
  for (let i = 0; i < LOOKS && client.ended === undefined; i++) {
    const isKnown = task === null || client.detail !== undefined || !state.tasks.has(task as TaskId);
    if (state.at > 0 && state.pending === 0 && isKnown) return;
    await pause(LOOK_EVERY);
  }
}

/** Until the program has ended, or there was enough. */
async function live(client: ConsoleClient, first: View, every: number): Promise<void> {
  const rates = new Rates();
  const { promise: enough, resolve: quit } = Promise.withResolvers<void>();
  let view = first;
  const draw = (): void => {
    screen.draw(picture(client, view, rates, screen, styleText));
  };
  const onKey = (key: Key): void => {
    if (key.name === "q") return quit();
    if (key.ctrl === true && key.name === "c") {
      process.exitCode = exitCodes.interrupted;
      return quit();
    }
    if (key.name === "space") client.isPaused = !client.isPaused;
    const before = view.opened;
    view = changed(view, key, client, screen, rates);
    if (view.opened !== before) client.watch(view.opened);
    draw();
  };
  const screen = new Screen(process.stdin, process.stdout, { onKey, onStale: () => draw() });
  const next = (): void => {
    if (client.ended !== undefined) return quit();
    rates.measure(client.state);
    draw();
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    next();
    timer = setInterval(next, every);
    await enough;
  } finally {
    clearInterval(timer);
    screen[Symbol.dispose]();
  }
  if (client.ended !== undefined) notice(`${client.hello.program.name}: ${client.ended}`);
}
