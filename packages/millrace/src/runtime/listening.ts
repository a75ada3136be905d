/** Waiting, among others, for something to end. */
import { PENDING, type Waker } from "./body.ts";
import { listen, unlisten, type Listened, type Listener } from "./listeners.ts";
import { Operation } from "./operation.ts";

export abstract class Listening<T> extends Operation<T> implements Listener {
  declare source: Listened | null;
  declare waker: Waker | null;
  declare earlier: Listener | null;
  declare later: Listener | null;

  constructor(source: Listened | null) {
    super();
    this.source = source;
    this.waker = null;
    this.earlier = null;
    this.later = null;
  }

  protected enter(waker: Waker): typeof PENDING {
    if (this.waker === null) listen(this.source!, this);
    this.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.waker !== null) unlisten(this.source!, this);
  }
}
