import { currentTask, sleep } from "millrace";

export default async (): Promise<void> => {
  await sleep(1);
  console.log("a task:", currentTask() !== undefined);
};
