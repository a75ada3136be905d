/** Calls no `main`: what is run is its default export. */
import { currentTask, sleep } from "millrace";

export default function* () {
  yield* sleep(1);
  console.log("a task:", currentTask() !== undefined);
}
