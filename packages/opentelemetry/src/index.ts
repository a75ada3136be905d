/** OpenTelemetry for millrace. */
export { instrument, type InstrumentOptions } from "./instrument.ts";
