import { testRule } from "../../test/cases.ts";
import { noUnboundedChannel } from "./no-unbounded-channel.ts";

const from = (names: string, code: string) => `import { ${names} } from "millrace";\n${code}`;
const plain = from("mpsc", "const [tx, rx] = mpsc.unbounded();");

testRule("no-unbounded-channel", noUnboundedChannel, {
  wrong: [
    {
      code: plain,
      says: ["unbounded"],
      suggests: [{ messageId: "bound", output: from("mpsc", "const [tx, rx] = mpsc.channel(64);") }],
    },
    {
      code: plain,
      options: { capacity: 8 },
      says: ["unbounded"],
      suggests: [{ messageId: "bound", output: from("mpsc", "const [tx, rx] = mpsc.channel(8);") }],
    },
    {
      code: from("mpsc", "const [tx, rx] = mpsc.unbounded<Map<string, number>>();"),
      says: ["unbounded"],
      suggests: [
        {
          messageId: "bound",
          output: from("mpsc", "const [tx, rx] = mpsc.channel<Map<string, number>>(64);"),
        },
      ],
    },
    {
      code: from("mpsc", "const { unbounded } = mpsc; unbounded();"),
      says: ["unbounded"],
      suggests: [],
    },
    from("mpsc as queue", "queue.unbounded();"),
    `import * as millrace from "millrace"; millrace.mpsc.unbounded();`,
    `import * as m from "millrace"; const { mpsc: { unbounded: open } } = m; open();`,
    `const { mpsc } = require("millrace"); mpsc.unbounded();`,
    `const { mpsc } = await import("millrace"); mpsc.unbounded();`,
    from("mpsc", `mpsc["unbounded"]();`).replace('"unbounded"', "'unbounded'"),
    from("mpsc", "class Mailbox { #queue = mpsc.unbounded(); }"),
    from("mpsc", "const open = mpsc.unbounded; open();"),
    from("mpsc", "function open() { return mpsc.unbounded(); }"),
    from("mpsc", "const queues = ids.map(() => mpsc.unbounded());"),
    from("mpsc", "const open = () => mpsc.unbounded();"),
    { code: plain, filename: "src/server.ts", options: { allowIn: ["**/test/**"] }, says: ["unbounded"] },
    { code: plain, filename: "src/log.ts", options: { allowIn: ["src/log-*.ts"] }, says: ["unbounded"] },
  ],
  right: [
    from("mpsc", "mpsc.channel(1);"),
    from("mpsc", "const [tx, rx] = mpsc.channel<number>(64);"),
    from("broadcast", "broadcast.channel(16);"),
    from("watch", "watch.channel(0);"),
    from("oneshot", "oneshot.channel();"),
    { code: plain, filename: "test/log.ts", options: { allowIn: ["**/test/**"] } },
    { code: plain, filename: "src/log-file.ts", options: { allowIn: ["src/log-*.ts"] } },
    { code: plain, filename: "src/a.ts", options: { allowIn: ["src/{a,b}.ts"] } },
    { code: plain, filename: "src/ab.ts", options: { allowIn: ["src/a?.ts"] } },
    { code: plain, filename: "deep/in/src/a.ts", options: { allowIn: ["./src/*.ts"] } },
    `import { mpsc } from "other"; mpsc.unbounded(); // millrace has one as well`,
    from("mpsc", "function f(mpsc: { unbounded(): void }) { mpsc.unbounded(); }"),
    from("mpsc", "mpsc.unbounded;"),
    `import "millrace"; unbounded();`,
    `import { unbounded } from "flume"; import "millrace"; unbounded();`,
    from("type mpsc", "let tx: mpsc.UnboundedSender<number>;"),
  ],
});
