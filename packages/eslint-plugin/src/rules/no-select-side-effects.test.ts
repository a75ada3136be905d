import { testRule } from "../../test/cases.ts";
import { noSelectSideEffects } from "./no-select-side-effects.ts";

const setup = `import { select, race, any, timeout, sleep, mpsc, Barrier, JoinSet, oneshot } from "millrace";
const [tx, rx] = mpsc.channel(1); const barrier = new Barrier(2); const set = new JoinSet();\n`;

testRule("no-select-side-effects", noSelectSideEffects, {
  wrong: [
    { code: `${setup}await select({ sent: tx.send(1), late: sleep(1) });`, says: ["unsafe"], suggests: [] },
    `${setup}await select({ met: barrier.wait(), late: sleep(1) });`,
    { code: `${setup}await select({ sent: tx.send(1), met: barrier.wait() });`, says: ["unsafe", "unsafe"] },
    `${setup}await select({ sent: isOpen && tx.send(1), late: sleep(1) });`,
    `${setup}await select({ sent: isOpen ? tx.send(1) : undefined, late: sleep(1) });`,
    `${setup}await select({ sent: tx.send(1).map(() => 1), late: sleep(1) });`,
    `${setup}await select({ sent: tx.send(1).timeout(5), late: sleep(1) });`,
    `${setup}await select({ sent: timeout(5, tx.send(1)), late: sleep(1) });`,
    `${setup}const sending = tx.send(1); await select({ sending, late: sleep(1) });`,
    `${setup}await race(tx.send(1), sleep(1));`,
    `${setup}await any(tx.send(1), sleep(1));`,
    `${setup}await select({ done: set.joinAll(), late: sleep(1) });`,
    `${setup}await select({ "sent": tx.clone().send(1), late: sleep(1) }, { biased: true });`,
    `import * as m from "millrace"; const [tx] = m.mpsc.channel(1); m.select({ a: tx.send(1) });`,
    `import { select as choose, type mpsc } from "millrace"; function* f(out: mpsc.Sender<number>) { yield* choose({ a: out.send(1) }); }`,
    `import { select } from "millrace"; import { Stream } from "millrace/stream"; select({ all: Stream.range(0, 9).collect() });`,
    `import { select } from "millrace"; import { sharedChannel } from "millrace/threads"; const [tx] = sharedChannel(4); select({ a: tx.send(1) });`,
    `import { select, Barrier } from "millrace"; class Phase { #all = new Barrier(3); meet() { return select({ met: this.#all.wait() }); } }`,
  ],
  right: [
    `${setup}await select({ slot: tx.reserve(), late: sleep(1) });`,
    `${setup}await select({ got: rx.recv(), late: sleep(1) });`,
    `${setup}const sending = tx.send(1); await select({ sent: sending.ref(), late: sleep(1) });`,
    `${setup}await select({ sent: tx.send(1).ref(), late: sleep(1) });`,
    `${setup}await select({ done: set.joinNext(), late: sleep(1) });`,
    `${setup}await tx.send(1);`,
    `${setup}await timeout(5, tx.send(1));`,
    `${setup}await barrier.wait();`,
    `${setup}await select({ a: sleep(1), b: sleep(2) });`,
    `${setup}await select(branches);`,
    `${setup}const waiting = barrier.wait(); await select({ met: waiting.ref(), late: sleep(1) });`,
    `${setup}const [one, other] = oneshot.channel(); await select({ other, late: sleep(1) });`,
    `${setup}await Promise.race([tx.send(1), sleep(1)]);`,
    `${setup}await race(rx.recv(), sleep(1));`,
    `import { select } from "d3"; import { mpsc } from "millrace"; const [tx] = mpsc.channel(1); select({ a: tx.send(1) });`,
    `import { select } from "millrace"; await select({ a: socket.send(1) });`,
    `${setup}await select({ closed: tx.closed(), late: sleep(1) });`,
    `${setup}await select({ ...others, late: sleep(1) });`,
  ],
});
