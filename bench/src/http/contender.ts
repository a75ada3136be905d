/** Somebody who takes part. */
export interface Contender<T> {
  readonly name: string;
  /** The others are compared with it, under this name. Of the last one our overhead is limited. */
  readonly base?: string;
  /** Is held to the limit. */
  readonly isOurs?: boolean;
  readonly make: T;
}
