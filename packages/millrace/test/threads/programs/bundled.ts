/** What the bundlers are given: a program of two modules that uses threads in every way. */
import { main } from "millrace";
import { parMap, sharedChannel, spawnBlocking, spawnInline } from "millrace/threads";
import { countTo, cube, rootOf } from "./bundled-work.ts";

main(async () => {
  const [tx, rx] = sharedChannel<number>(4);
  const counting = spawnBlocking(countTo, tx, 3);
  const counted: number[] = [];
  for await (const n of rx) counted.push(n);
  await counting;
  const failure = await spawnBlocking(rootOf, -1).then(undefined, (error: Error) => error.name);
  const inline = await spawnInline((a: number, b: number) => a + b, 2, 3);
  console.log(JSON.stringify([await cube(3), await parMap([1, 2, 3], cube), counted, failure, inline]));
});
