/** Random programs on a oneshot channel. The model: where the one value is, and who has gone. */
import { ClosedError, FutureConsumedError, oneshot, RecvError } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, testAgainstModel, when, type When } from "./model.ts";

class OneshotModel extends Model<"value" | "closed"> {
  readonly tx: oneshot.Sender<string>;
  readonly rx: oneshot.Receiver<string>;
  value: "not sent" | "sent" | "taken" = "not sent";
  /** Closed unused. */
  isSenderClosed: boolean = false;
  isReceiverClosed: boolean = false;
  /** The receiver has been polled to its end, or told that there is none to come. */
  isOver: boolean = false;

  constructor() {
    super();
    [this.tx, this.rx] = oneshot.channel<string>();
    this.begin(this.rx, "value", "later");
  }

  get isDead(): boolean {
    return this.isSenderClosed || (this.isReceiverClosed && this.value !== "sent") || this.hasSentInVain;
  }
  hasSentInVain: boolean = false;
  isReady({ about }: Operation<"value" | "closed">): boolean {
    if (about === "closed") return this.isReceiverClosed;
    return this.isOver || this.value !== "not sent" || this.isDead;
  }
  served({ about }: Operation<"value" | "closed">, outcome: unknown): void {
    if (about === "closed") return expect(outcome).toBeUndefined();
    if (this.isOver || this.value === "taken") expect(outcome).toBeInstanceOf(FutureConsumedError);
    else if (this.value === "sent") {
      expect(outcome).toBe("the value");
      this.value = "taken";
      this.isReceiverClosed = true;
    } else expect(outcome).toBeInstanceOf(RecvError);
    this.isOver = true;
  }
  override dropped({ about }: Operation<"value" | "closed">): void {
    if (about !== "value") return;
    this.isReceiverClosed = true;
    // What was sent is given up with it.
    if (this.value === "sent") this.value = "taken";
  }

  send(): void {
    const hasSent = this.value !== "not sent" || this.hasSentInVain;
    if (hasSent || this.isSenderClosed) return expect(() => this.tx.send("more")).toThrow(ClosedError);
    expect(this.tx.send("the value")).toBe(!this.isReceiverClosed);
    if (this.isReceiverClosed) this.hasSentInVain = true;
    else this.value = "sent";
  }
  closed(at: When): void {
    if (this.isSenderClosed) expect(() => this.tx.closed()).toThrow(ClosedError);
    else this.begin(this.tx.closed(), "closed", at);
  }
  closeSender(): void {
    this.tx.close();
    if (this.value === "not sent" && !this.hasSentInVain) this.isSenderClosed = true;
  }
  closeReceiver(): void {
    this.rx.close();
    this.isReceiverClosed = true;
  }
  tryRecv(): void {
    const tried = this.rx.tryRecv();
    if (this.value === "sent") {
      expect(tried).toEqual({ ok: true, value: "the value" });
      this.value = "taken";
      this.isReceiverClosed = true;
    } else {
      const isClosed = this.value === "taken" || this.isDead || this.isOver;
      expect(tried).toEqual({ ok: false, reason: isClosed ? "closed" : "empty" });
      // Whoever waits is still owed the error.
      if (isClosed && this.line.every(({ about }) => about !== "value")) this.isOver = true;
    }
  }

  override check(): void {
    super.check();
    expect(this.tx.isClosed).toBe(this.isSenderClosed || this.isReceiverClosed);
  }
  finish(): void {
    this.closed("at once");
    expect(this.operations).toEqual([]);
  }
}

testAgainstModel({
  model: () => new OneshotModel(),
  commands: {
    send: [1],
    closed: [3, when],
    closeSender: [1],
    closeReceiver: [1],
    tryRecv: [3],
    poll: [10, index],
    drop: [3, index],
  },
});
