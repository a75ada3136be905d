/** Somebody who takes part. */
export type Base = true;
export interface Contender<T> {
  readonly name: string;
  /** What the others are compared with. */
  readonly base?: Base;
  readonly make: T;
}
