/**
 * Depth-first search over all schedules, without keeping states: each run repeats the choices that lead
 * to the next one.
 *
 * Steps that commute are not tried in both orders. What was tried at a decision goes to sleep for its
 * later options, and wakes as soon as a step conflicts with it; a run of which everything sleeps has been
 * seen in another order and is given up. What each step touches is found out as it runs.
 *
 * Choosing anything but the first option is a preemption; how many a run may have is bounded. The order of
 * the options is that in which they became ready, so swapping two steps changes what the rest costs. A
 * sleeper therefore counts only if the rest is within the bound in the other order, too; this is what makes
 * the reduced search find all that the full one finds with the same bound, whatever the bound is
 * (`reduction.test.ts`).
 *
 * Sources: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems" (LNCS 1032,
 * sleep sets); Flanagan and Godefroid, "Dynamic Partial-Order Reduction" (POPL 2005); Musuvathi and
 * Qadeer, "Iterative Context Bounding" (PLDI 2007); Emmi, Qadeer, Rakamarić, "Delay-Bounded Scheduling"
 * (POPL 2011), whose measure of preemptions this is; Coons, Musuvathi, McKinley, "Bounded Partial-Order
 * Reduction" (OOPSLA 2013).
 */
import {
  conflict,
  merge,
  noFootprint,
  type Actor,
  type Chooser,
  type Footprint,
  type Option,
} from "./decision.ts";

/** A step that was tried. */
interface Sleeper {
  readonly footprint: Footprint;
  /** Preemptions that were left after it, and after what has been done since, had it been done first. */
  readonly left: number;
  /** What has become ready since: it would have queued up behind what this step makes ready. */
  readonly behind: number;
}

/** A choice between values: where a `select` begins. */
interface ValueNode {
  readonly isStep: false;
  readonly count: number;
  chosen: number;
}

interface StepNode {
  readonly isStep: true;
  readonly options: readonly Option[];
  chosen: number;
  readonly sleepers: ReadonlyMap<Actor, Sleeper>;
  /** Preemptions that were left before it. */
  readonly left: number;
  readonly tried: Map<Actor, Sleeper>;
  /** Of the chosen option, in all runs so far. */
  footprint: Footprint;
}

type Node = ValueNode | StepNode;

/** The program does not do the same again when the same is chosen. */
export class Divergence extends Error {}

export class ExhaustiveSearch implements Chooser {
  readonly #path: Node[] = [];
  readonly #preemptions: number;
  #depth: number = 0;
  readonly #isReduced: boolean;
  #latest: StepNode | null = null;

  /** Without reduction it tries each and every order: what the reduction is measured by. */
  constructor(preemptions: number, isReduced: boolean = true) {
    this.#preemptions = preemptions;
    this.#isReduced = isReduced;
  }

  /** A run begins. */
  restart(): void {
    this.#depth = 0;
    this.#latest = null;
  }

  step(options: readonly Option[]): number | undefined {
    const at = this.#depth++;
    const known = this.#path[at];
    if (known !== undefined) {
      if (!known.isStep || known.options.length !== options.length) throw divergence(at);
      this.#latest = known;
      return known.chosen;
    }
    const node = this.#open(options);
    const first = nextOption(node, -1);
    if (first === undefined) return undefined;
    node.chosen = first;
    this.#path.push(node);
    this.#latest = node;
    return first;
  }

  stepped(footprint: Footprint): void {
    merge(this.#latest!.footprint, footprint);
  }

  value(count: number): number {
    const at = this.#depth++;
    const known = this.#path[at];
    if (known === undefined) {
      this.#path.push({ isStep: false, count, chosen: 0 });
      return 0;
    }
    if (known.isStep || known.count !== count) throw divergence(at);
    return known.chosen;
  }

  /** A run is over: goes to the next one. False when there is none. */
  backtrack(): boolean {
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      if (advance(node)) return true;
      this.#path.pop();
    }
    return false;
  }

  #open(options: readonly Option[]): StepNode {
    const parent = this.#latest;
    const node = { isStep: true, options, chosen: 0, tried: new Map(), footprint: noFootprint() } as const;
    if (parent === null) return { ...node, sleepers: new Map(), left: this.#preemptions };
    const sleepers = new Map<Actor, Sleeper>();
    if (this.#isReduced)
      for (const asleep of [parent.sleepers, parent.tried])
        for (const [actor, sleeper] of asleep)
          if (!conflict(sleeper.footprint, parent.footprint))
            sleepers.set(actor, { ...sleeper, ...whileAsleep(actor, sleeper, parent) });
    return { ...node, sleepers, left: parent.left - cost(parent.options, parent.chosen) };
  }
}

/** A cancellation is no preemption: there is one in a run. */
function cost(options: readonly Option[], index: number): number {
  return index === 0 || options[index]!.isCancellation ? 0 : 1;
}

/** What the step of `node` changes for a sleeper: what it would have cost if the sleeper had come first. */
function whileAsleep(actor: Actor, { footprint, left, behind }: Sleeper, node: StepNode): Partial<Sleeper> {
  const { options, chosen } = node;
  const { isTimer, isCancellation } = options[chosen]!;
  const since = behind + node.footprint.pushes;
  if (isCancellation) return { behind: since };
  // What the sleeper makes ready would then be there, before all that has become ready since.
  const isBehind = footprint.pushes > 0 && (isTimer || behind > 0);
  const place = options.findIndex((option) => option.actor === actor);
  const isFirst = chosen === 0 || (chosen === 1 && place === 0);
  return { left: left - (isFirst && !isBehind ? 0 : 1), behind: since };
}

function nextOption(node: StepNode, after: number): number | undefined {
  for (let index = after + 1; index < node.options.length; index++) {
    const left = node.left - cost(node.options, index);
    if (left < 0) continue;
    const sleeper = node.sleepers.get(node.options[index]!.actor);
    if (sleeper === undefined || sleeper.left - overtaken(sleeper) < left) return index;
  }
  return undefined;
}

/** Had it come first, those that it makes ready would have to be passed over by so many at most. */
function overtaken({ footprint, behind }: Sleeper): number {
  return footprint.pushes === 0 ? 0 : behind;
}

function advance(node: Node): boolean {
  if (!node.isStep) return ++node.chosen < node.count;
  const { options, chosen, footprint } = node;
  const left = node.left - cost(options, chosen);
  node.tried.set(options[chosen]!.actor, { footprint, left, behind: 0 });
  node.footprint = noFootprint();
  const next = nextOption(node, chosen);
  if (next === undefined) return false;
  node.chosen = next;
  return true;
}

function divergence(at: number): Divergence {
  return new Divergence(`the same choices led elsewhere at decision ${at + 1}`);
}
