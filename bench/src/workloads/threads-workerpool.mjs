import workerpool from "workerpool";
workerpool.worker({ same: (n) => n });
