#!/usr/bin/env node
// Plain JavaScript of any age, so that an old Node is told what is wrong rather than failing on what it cannot parse.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`millrace needs Node 22.18 or later; this is Node ${process.versions.node}`);
  process.exit(2);
}
const { execute } = await import("@millrace/cli");
await execute(process.argv.slice(2));
