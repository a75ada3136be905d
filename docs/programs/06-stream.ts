import { main } from "millrace";
import { Stream } from "millrace/stream";

await main(async () => {
  const squares = Stream.range(0, 10)
    .map((n) => n * n)
    .filter((n) => n % 2 === 0);

  await squares.forEach((n) => console.log(n));
});
