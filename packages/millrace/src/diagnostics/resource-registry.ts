/**
 * The resources that were made or waited for while somebody recorded: their numbers, and who has their
 * guards. It keeps neither resources nor guards alive.
 */
import type { Resource } from "../runtime/resource.ts";
import type { Task } from "../runtime/task.ts";

/** A guard or permit that a task has. */
export interface Holding {
  readonly task: Task<unknown>;
  /** `undefined` when the resource was made before anybody recorded. */
  resource(): Resource | undefined;
  readonly since: number;
  readonly at: string | undefined;
  /** Whether the guard is still there. */
  readonly guard: WeakRef<object>;
}

/** What is known of a guard, or the like, that nobody has any more. */
export interface LostGuard {
  readonly at: string | undefined;
  readonly task: Task<unknown> | undefined;
  resource(): Resource | undefined;
}

interface Entry {
  readonly id: number;
  readonly createdAt: string | undefined;
  /** The size at which growth is told next. */
  tellAt: number;
}

/** The size from which a queue without a bound counts as growing. */
const GROWN = 1000;

let lastId = 0;
/** Numbers outlive a recording: the same resource has the same one in the next. */
const entries: WeakMap<Resource, Entry> = new WeakMap();

export class ResourceRegistry {
  #known: WeakRef<Resource>[] = [];
  #pruneAt: number = 1024;
  readonly #isKnown: WeakSet<Resource> = new WeakSet();
  /** By the list of a resource's guards. */
  readonly #resources: WeakMap<object, WeakRef<Resource>> = new WeakMap();
  #holdings: WeakMap<object, Set<Holding>> = new WeakMap();
  #byGuard: WeakMap<object, Holding> = new WeakMap();
  /** By what is left of them. */
  readonly #lost: WeakMap<object, LostGuard> = new WeakMap();

  add(resource: Resource, createdAt: string | undefined): Entry {
    let entry = entries.get(resource);
    if (entry === undefined) entries.set(resource, (entry = { id: ++lastId, createdAt, tellAt: GROWN }));
    if (this.#isKnown.has(resource)) return entry;
    this.#isKnown.add(resource);
    const ref = new WeakRef(resource);
    if (resource.handles !== undefined) this.#resources.set(resource.handles, ref);
    if (this.#known.push(ref) >= this.#pruneAt) this.#prune();
    return entry;
  }
  entry(resource: Resource): Entry {
    return entries.get(resource) ?? this.add(resource, undefined);
  }

  *[Symbol.iterator](): IterableIterator<Resource> {
    for (const ref of this.#known) {
      const resource = ref.deref();
      if (resource !== undefined) yield resource;
    }
  }

  opened(
    handles: object,
    guard: object,
    task: Task<unknown>,
    since: number,
    at: string | undefined,
  ): Holding {
    const resource = (): Resource | undefined => this.#resources.get(handles)?.deref();
    const holding: Holding = { task, resource, since, at, guard: new WeakRef(guard) };
    let all = this.#holdings.get(handles);
    if (all === undefined) this.#holdings.set(handles, (all = new Set()));
    all.add(holding);
    this.#byGuard.set(guard, holding);
    return holding;
  }
  closed(handles: object, guard: object): Holding | undefined {
    const holding = this.#byGuard.get(guard);
    if (holding === undefined) return undefined;
    this.#byGuard.delete(guard);
    this.#holdings.get(handles)?.delete(holding);
    return holding;
  }
  /** Nobody tells any more of those that are given back. */
  forgetGuards(): void {
    this.#holdings = new WeakMap();
    this.#byGuard = new WeakMap();
  }
  /** What was open when it is lost. `of` is the list of a resource's guards, or the resource. */
  watched(of: object, guard: object, remains: object): void {
    const { at, task } = this.#byGuard.get(guard) ?? {};
    const resource =
      this.#resources.get(of) ?? (entries.has(of as Resource) ? new WeakRef(of as Resource) : undefined);
    this.#lost.set(remains, { at, task, resource: () => resource?.deref() });
  }
  /** Of a guard that was collected. */
  remembered(remains: object): LostGuard | undefined {
    return this.#lost.get(remains);
  }
  /** Who has its guards. */
  holders(resource: Resource): Task<unknown>[] {
    const { handles } = resource;
    const all = handles === undefined ? undefined : this.#holdings.get(handles);
    if (all === undefined) return [];
    const tasks: Set<Task<unknown>> = new Set();
    for (const holding of all) {
      if (holding.guard.deref() === undefined) all.delete(holding);
      else tasks.add(holding.task);
    }
    return [...tasks];
  }

  #prune(): void {
    this.#known = this.#known.filter((ref) => ref.deref() !== undefined);
    this.#pruneAt = Math.max(1024, this.#known.length * 2);
  }
}
