/** `millrace/random`: numbers from the runtime's seed. */
export { random } from "./runtime/random.ts";
