import { main, scope, sleep, spawn } from "millrace";

await main(
  function* () {
    // Joined: the failure comes out where it is awaited.
    const joined = spawn(function* () {
      throw new Error("the disk is full");
    });
    try {
      yield* joined;
    } catch (error) {
      console.log(`joined: ${error}`);
    }

    // In a scope: the first failure cancels the others and is thrown by the scope.
    const outcome = yield* scope(function* (tasks) {
      tasks.spawn(() => sleep(60_000), { name: "would take a minute" });
      tasks.spawn(function* () {
        throw new Error("a child failed");
      });
    }).settled();
    if (outcome.status === "rejected") console.log(`scope: ${outcome.reason}`);

    // Detached: nobody will join it, so it is reported at once.
    spawn(
      function* () {
        throw new Error("nobody looks");
      },
      { name: "metrics" },
    ).detach();
    yield* sleep(10);
  },
  {
    // The default, "report", prints to stderr; "shutdown" ends the program.
    onTaskFailure: ({ error, name }) => console.log(`reported: ${name}: ${error}`),
  },
);
