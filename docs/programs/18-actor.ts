import { joinAll, main, sleep } from "millrace";
import { startActor } from "millrace/actor";

/** Its methods are its messages. They run one at a time, so no lock is needed. */
class Account {
  #balance = 100;
  async withdraw(amount: number): Promise<boolean> {
    if (this.#balance < amount) return false;
    await sleep(10); // no other message runs meanwhile
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

await main(async () => {
  using account = startActor(() => new Account(), {
    name: "account",
    mailbox: 16, // whoever sends a seventeenth message waits
    onFailure: "resume",
  });

  console.log(await joinAll([account.ask.withdraw(60), account.ask.withdraw(60)]));
  console.log(await account.ask.balance());

  const audited = await account.ask.audit().settled(); // the asker gets the failure
  console.log(audited.status, await account.ask.balance()); // and the actor resumes
  await account.stop();
});
