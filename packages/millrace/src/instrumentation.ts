/** `millrace/instrumentation`: what tracers and exporters need besides `millrace/diagnostics`. */
import "./future-methods.ts";

export { isRecording } from "./diagnostics/enable.ts";
export { runtimeMetrics } from "./diagnostics/runtime-metrics.ts";
export { aroundSpawn } from "./diagnostics/spawn-context.ts";
