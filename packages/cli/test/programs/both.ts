/** Calls `main` itself: the default export is for others. */
import { main } from "millrace";

export default function (): void {
  console.log("the default export");
}
await main(() => console.log("main"));
