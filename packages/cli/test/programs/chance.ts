/** Prints what the random choices of a runtime come to. */
import { main, ready, Runtime, select, type Future } from "millrace";

const letters = ["a", "b", "c", "d", "e", "f"];

async function choices(): Promise<string> {
  let text = "";
  for (let i = 0; i < 20; i++) {
    const branches: Record<string, Future<string>> = {};
    for (const letter of letters) branches[letter] = ready(letter);
    text += (await select(branches)).key;
  }
  return text;
}

console.log("default", await choices());
await main(async () => console.log("main", await choices()), { seed: 99 });
await using other = new Runtime();
console.log("other", await other.run(choices));
await using own = new Runtime({ seed: 5 });
console.log("own", await own.run(choices));
