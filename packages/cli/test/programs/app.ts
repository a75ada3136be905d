/** Exports functions that are no bodies, as servers and libraries do. */
export default function app(_request: unknown, _response: unknown): void {
  console.log("called");
}
console.log("loaded");
