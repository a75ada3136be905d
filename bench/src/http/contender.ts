/** Somebody who takes part. */
export interface Contender<T> {
  readonly name: string;
  /** The others are compared with it, under this name. The first is the one whose overhead is limited. */
  readonly base?: string;
  /** Is held to the limit. */
  readonly isOurs?: boolean;
  readonly make: T;
}
