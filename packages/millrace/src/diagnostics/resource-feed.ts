/**
 * Which resources have changed. Resources do not say when they change, so they are looked at in turn, a bounded
 * number each time. It keeps none of them alive.
 */
import { nameOf, type Resource } from "../runtime/resource.ts";
import type { FeedResource } from "./feed-reports.ts";
import type { Recorder } from "./recorder.ts";

/** All timers together: there is one for each sleep, and nothing to see in it. */
const TIMERS = 0;

/** Looked at each time; a look costs about a microsecond. */
const LOOKS = 1000;

interface Known {
  readonly resource: WeakRef<Resource>;
  /** As it was told. */
  print: string;
}

export class ResourceFeed {
  readonly #known: Map<number, Known> = new Map();
  #turn: MapIterator<[number, Known]> = this.#known.entries();

  #hasTimers: boolean = false;
  #toldTimers: boolean = false;

  /** It was made, or somebody waits for it; its number. */
  mention(resource: Resource, recorder: Recorder): number {
    if (resource.resourceKind === "timer") {
      this.#hasTimers = true;
      return TIMERS;
    }
    const { id } = recorder.resources.entry(resource);
    if (!this.#known.has(id)) this.#known.set(id, { resource: new WeakRef(resource), print: "" });
    return id;
  }

  take(recorder: Recorder): { resources: FeedResource[]; gone: number[] } {
    const resources: FeedResource[] = [];
    const gone: number[] = [];
    if (this.#hasTimers && !this.#toldTimers) {
      this.#toldTimers = true;
      resources.push({ id: TIMERS, kind: "timer", name: "all timers", holders: [], attributes: {} });
    }
    for (let left = Math.min(LOOKS, this.#known.size); left > 0; left--) {
      const next = this.#next();
      if (next === undefined) break;
      const [id, known] = next;
      const resource = known.resource.deref();
      if (resource === undefined) {
        this.#known.delete(id);
        if (known.print !== "") gone.push(id);
        continue;
      }
      const info = infoOf(id, resource, recorder);
      const print = JSON.stringify([info.holders, info.attributes]);
      if (print === known.print) continue;
      known.print = print;
      resources.push(info);
    }
    return { resources, gone };
  }
  #next(): [number, Known] | undefined {
    const next = this.#turn.next();
    if (next.done !== true) return next.value;
    this.#turn = this.#known.entries();
    return this.#turn.next().value;
  }
}

function infoOf(id: number, resource: Resource, recorder: Recorder): FeedResource {
  const { createdAt } = recorder.resources.entry(resource);
  const name = nameOf(resource);
  return {
    id,
    kind: resource.resourceKind,
    ...(name === undefined ? {} : { name }),
    ...(createdAt === undefined ? {} : { createdAt }),
    holders: recorder.holdersOf(resource).map((task) => task.id),
    attributes: resource.attributes(),
  };
}
