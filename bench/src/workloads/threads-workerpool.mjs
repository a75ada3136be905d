import workerpool from "workerpool";
import same, { sizeOf, uneven } from "./threads-peer.mjs";
workerpool.worker({ same, sizeOf, uneven });
