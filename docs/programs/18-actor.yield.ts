import { joinAll, main, sleep } from "millrace";
import { startActor } from "millrace/actor";

/** Its methods are its messages. They run one at a time, so no lock is needed. */
class Account {
  #balance = 100;
  *withdraw(amount: number) {
    if (this.#balance < amount) return false;
    yield* sleep(10); // no other message runs meanwhile
    this.#balance -= amount;
    return true;
  }
  balance(): number {
    return this.#balance;
  }
  audit(): never {
    throw new Error("the books do not agree");
  }
}

await main(function* () {
  using account = startActor(() => new Account(), {
    name: "account",
    mailbox: 16, // whoever sends a seventeenth message waits
    onFailure: "resume",
  });

  console.log(yield* joinAll([account.ask.withdraw(60), account.ask.withdraw(60)]));
  console.log(yield* account.ask.balance());

  const audited = yield* account.ask.audit().settled(); // the asker gets the failure
  console.log(audited.status, yield* account.ask.balance()); // and the actor resumes
  yield* account.stop();
});
