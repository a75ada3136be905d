/** `millrace/stream`: pull-based streams with back-pressure. */
import "./future-methods.ts";

export { Peekable, Stream } from "./stream/stream.ts";
export { StreamMap } from "./stream/stream-map.ts";
