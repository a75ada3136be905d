import { main, scope, sleep, spawn } from "millrace";

await main(
  async () => {
    // Joined: the failure comes out where it is awaited.
    const joined = spawn(async () => {
      throw new Error("the disk is full");
    });
    await joined.catch((error) => console.log(`joined: ${error}`));

    // In a scope: the first failure cancels the others and is thrown by the scope.
    await scope(async (tasks) => {
      tasks.spawn(() => sleep(60_000), { name: "would take a minute" });
      tasks.spawn(async () => {
        throw new Error("a child failed");
      });
    }).catch((error) => console.log(`scope: ${error}`));

    // Detached: nobody will join it, so it is reported at once.
    spawn(
      async () => {
        throw new Error("nobody looks");
      },
      { name: "metrics" },
    ).detach();
    await sleep(10);
  },
  {
    // The default, "report", prints to stderr; "shutdown" ends the program.
    onTaskFailure: ({ error, name }) => console.log(`reported: ${name}: ${error}`),
  },
);
