/** Keeps a program alive while something is awaited that does not do so by itself. */
import { host } from "../runtime/host.ts";

export class KeepAlive {
  /** One timer for ever: making one each time costs more than a call. */
  #timer: { ref?(): void; unref?(): void } | undefined;

  hold(isHeld: boolean): void {
    if (isHeld) this.#timer ??= host.timer(0x7fff_ffff, () => {}) as { ref?(): void; unref?(): void };
    if (isHeld) this.#timer!.ref?.();
    else this.#timer?.unref?.();
  }
  end(): void {
    host.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
