/** Somebody who looks at a console, in a process of their own: reads everything as fast as a page does. */
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@millrace/console";

/** A page draws four times a second, and asks for more when it has. */
const LOOK_EVERY = 250;

const client = await connect(process.argv[2]!);
client.isPaused = true;
console.log("connected");
while (client.ended === undefined) {
  client.isPaused = false;
  client.isPaused = true;
  await pause(LOOK_EVERY);
}
