/**
 * Random programs on a Notify. The model: one flag for the stored permit, and for each future by whom it
 * was notified, if it was.
 */
import { Notify, type Notified } from "millrace";
import { expect } from "vitest";
import { index, Model, type Operation, pick, testAgainstModel, when, type When } from "./model.ts";

interface About {
  readonly future: Notified;
  /** Made before a `notifyWaiters`, and not yet polled then. */
  isMissed: boolean;
  by: "one" | "last" | "all" | undefined;
}

class NotifyModel extends Model<About> {
  readonly notify: Notify = new Notify();
  isStored: boolean = false;

  isReady({ isWaiting, about }: Operation<About>): boolean {
    return about.by !== undefined || (!isWaiting && (about.isMissed || this.isStored));
  }
  served({ about }: Operation<About>, outcome: unknown): void {
    expect(outcome).toBeUndefined();
    if (about.by === undefined && !about.isMissed) this.isStored = false;
  }
  override dropped({ about }: Operation<About>): void {
    if (about.by === "one") this.tell("one");
    if (about.by === "last") this.tell("last");
  }
  tell(how: "one" | "last"): void {
    const waiting = this.line.filter(({ about }) => about.by === undefined);
    const told = how === "one" ? waiting[0] : waiting.at(-1);
    if (told === undefined) this.isStored = true;
    else told.about.by = how;
  }

  notified(at: When): void {
    const future = this.notify.notified();
    this.begin(future, { future, isMissed: false, by: undefined }, at);
  }
  notifyOne(): void {
    this.notify.notifyOne();
    this.tell("one");
  }
  notifyLast(): void {
    this.notify.notifyLast();
    this.tell("last");
  }
  notifyWaiters(): void {
    this.notify.notifyWaiters();
    for (const { isWaiting, about } of this.operations) {
      if (isWaiting) about.by ??= "all";
      else about.isMissed = true;
    }
  }
  /** As polling it, but without a waker; one that is notified stays ready after that. */
  enable(at: number): void {
    const operation = pick(this.operations, at);
    if (operation === undefined) return;
    const { about } = operation;
    const isReady = this.isReady(operation);
    expect(about.future.enable()).toBe(isReady);
    if (isReady) {
      if (about.by === undefined && !about.isMissed) this.isStored = false;
      // It has taken the notification, and passes nothing on.
      about.by = "all";
    } else if (!operation.isWaiting) {
      this.wait(operation);
      this.isBlind.add(operation);
    }
  }
  /** Those that wait without having been polled: they have no waker yet. */
  isBlind: Set<Operation<About>> = new Set();
  override isWoken(operation: Operation<About>): boolean {
    return this.isReady(operation) && !this.isBlind.has(operation) && operation.about.by !== undefined;
  }
  protected override pollOne(operation: Operation<About>): void {
    super.pollOne(operation);
    this.isBlind.delete(operation);
  }

  finish(): void {
    const stored = this.isStored;
    expect(this.notify.notified().enable()).toBe(stored);
    expect(this.notify.notified().enable()).toBe(false);
  }
}

testAgainstModel({
  model: () => new NotifyModel(),
  commands: {
    notified: [10, when],
    notifyOne: [6],
    notifyLast: [4],
    notifyWaiters: [2],
    enable: [4, index],
    poll: [12, index],
    drop: [7, index],
  },
});
