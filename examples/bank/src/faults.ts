/** Injected failures: where a `strike` stands, a program may crash or hang. */
import { sleep, type Routine } from "millrace";

export class InjectedFault extends Error {
  override readonly name: string = "InjectedFault";
}

export interface FaultRates {
  /** How many strikes of a thousand throw. */
  readonly crashes: number;
  /** How many of a thousand take `stallMs`. */
  readonly stalls: number;
  readonly stallMs: number;
}

export class Faults {
  readonly #random: () => number;
  readonly #rates: FaultRates;
  crashes: number = 0;
  stalls: number = 0;

  constructor(random: () => number, rates: FaultRates) {
    this.#random = random;
    this.#rates = rates;
  }

  *strike(where: string): Routine<void> {
    yield* sleep(1);
    const dice = this.#random() * 1000;
    if (dice < this.#rates.crashes) {
      this.crashes++;
      throw new InjectedFault(`injected ${where}`);
    }
    if (dice < this.#rates.crashes + this.#rates.stalls) {
      this.stalls++;
      yield* sleep(this.#rates.stallMs);
    }
  }
}
