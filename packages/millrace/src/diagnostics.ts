/** `millrace/diagnostics`: what is known of the program while it runs. */
import "./future-methods.ts";

export { enable } from "./diagnostics/recorder.ts";
