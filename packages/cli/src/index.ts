/** The `millrace` command. */
export { execute } from "./command.ts";
export { exitCodes } from "./exit-codes.ts";
