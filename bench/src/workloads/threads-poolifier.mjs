import { ThreadWorker } from "poolifier";
import same, { sizeOf, uneven } from "./threads-peer.mjs";
export default new ThreadWorker({ same, sizeOf, uneven });
