/** Ignores its cancellation in a foreign promise; its cleanup window is short. */
import { main } from "millrace";

main(
  async () => {
    const alive = setInterval(() => {}, 1000);
    console.log("ready");
    await new Promise(() => {});
    clearInterval(alive);
  },
  { cleanupWindow: 20 },
);
