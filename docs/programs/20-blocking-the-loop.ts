import { pbkdf2Sync } from "node:crypto";
import { interval, main, spawn } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";
import { spawnBlocking, threaded } from "millrace/threads";

const ROUNDS = 200_000;
export const derive = threaded(import.meta, (password: string) =>
  pbkdf2Sync(password, "salt", ROUNDS, 32, "sha512").toString("hex"),
);

await main(async () => {
  enable({ blockedAfter: 50 });
  let ticks = 0;
  const ticker = spawn(async () => {
    for await (const _ of interval(10)) ticks++;
  });

  const login = spawn(
    async () => {
      const before = ticks;
      pbkdf2Sync("secret", "salt", ROUNDS, 32, "sha512"); // nothing else runs meanwhile
      console.log("ticks while the loop was blocked:", ticks - before);
    },
    { name: "login" },
  );
  await login;

  const before = ticks;
  await spawnBlocking(derive, "secret");
  console.log("ticks went on while a thread worked:", ticks > before);
  ticker.abort();

  const { lint, message } = snapshot().warnings[0]!;
  console.log(`${lint}: ${message.replace(/[\d.]+ m?s/, "N ms").split(";")[0]}`); // and the stack, as it was then
});
