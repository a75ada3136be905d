import { parentPort } from "node:worker_threads";
import same, { sizeOf, uneven } from "./threads-peer.mjs";
const functions = { same, sizeOf, uneven };
parentPort.on("message", ([id, name, argument]) => parentPort.postMessage([id, functions[name](argument)]));
