/** What blocks the thread in the middle of asynchronous code holds up every other task of the program. */
import type { Rule } from "eslint";
import type * as estree from "estree";
import { isBlocking, moduleOf, nodeFunctionOf } from "../analysis/blocking.ts";
import type { NodeFunction } from "../analysis/blocking.ts";
import { isBusyWait } from "../analysis/busy-loops.ts";
import { isGlobal } from "../analysis/fate.ts";
import type { Resolver } from "../analysis/resolver.ts";
import { functionAround, memberName, parentOf, unwrap } from "../analysis/syntax.ts";
import type { FunctionNode, LoopNode } from "../analysis/syntax.ts";
import { isRoutine } from "../analysis/task-bodies.ts";
import { rule } from "../rule.ts";

const messages = {
  blocks:
    "`{{call}}` blocks every task of the program while it works: move it to a thread with `spawnBlocking`{{other}}.",
  waits:
    "`Atomics.wait` stops the whole thread: use `Atomics.waitAsync`, a `SharedMutex`, or `spawnBlocking`.",
  parses:
    "Parsing a whole file blocks every task for as long as the file is large: parse it on a thread with `spawnBlocking`.",
  spins:
    "This loop keeps every other task from running until the clock says so: `sleep` instead, or `spawnBlocking` it.",
  asynchronous: "Use `fs.promises.{{name}}`.",
};

/** What a file must mention to have any such call, or any such loop: most have neither. */
const callers = /["'](?:node:)?(?:fs|fs\/promises|child_process|crypto|zlib)["']|\bAtomics\s*\.\s*wait\b/;
const clocks = /\b(?:Date|performance)\s*\.\s*now\b/;

interface Options {
  readonly allow?: readonly string[];
  readonly parse?: boolean;
}

export const noBlockingInAsync: Rule.RuleModule = rule(
  {
    description:
      "Disallow calls that block the thread in async functions and in generators that run as tasks",
    messages,
    mentions: new RegExp(`${callers.source}|${clocks.source}`),
    options: {
      allow: { type: "array", items: { type: "string" } },
      parse: { type: "boolean" },
    },
  },
  (context, resolver) => {
    const { allow = [], parse = true } = (context.options[0] ?? {}) as Options;
    const checkLoop = (node: LoopNode) => {
      if (isBusyWait(node, resolver) && runsAsync(node, resolver))
        context.report({ node, messageId: "spins" });
    };
    const loops: Rule.RuleListener = {
      WhileStatement: checkLoop,
      DoWhileStatement: checkLoop,
      ForStatement: checkLoop,
    };
    if (!callers.test(context.sourceCode.text)) return loops;
    return {
      ...loops,
      CallExpression(node) {
        const called = nodeFunctionOf(node.callee, resolver);
        if (called !== undefined && isBlocking(called)) {
          if (allow.includes(called.name) || !runsAsync(node, resolver)) return;
          const other = called.module === "fs" ? ", or use `fs/promises`" : "";
          const suggest = asynchronous(node, called, resolver);
          context.report({ node, messageId: "blocks", data: { call: called.name, other }, suggest });
        } else if (isGlobalCall(node, "Atomics", "wait", resolver)) {
          if (runsAsync(node, resolver)) context.report({ node, messageId: "waits" });
        } else if (
          parse &&
          isGlobalCall(node, "JSON", "parse", resolver) &&
          node.arguments[0] !== undefined
        ) {
          if (isWholeFile(node.arguments[0], resolver) && runsAsync(node, resolver)) {
            context.report({ node, messageId: "parses" });
          }
        }
      },
    };
  },
);

const inline = /^(?:map|forEach|filter|flatMap|some|every|find|findIndex|findLast|reduce|sort|toSorted)$/;

/** Whether a node runs as a part of an asynchronous function, at once or in a callback of an array's. */
function runsAsync(node: estree.Node, resolver: Resolver): boolean {
  for (let owner = functionAround(node); owner !== undefined; owner = functionAround(owner)) {
    if (owner.async === true) return true;
    if (owner.generator === true) return isRoutine(owner, resolver);
    if (!runsInPlace(owner)) return false;
  }
  return false;
}

function runsInPlace(owner: FunctionNode): boolean {
  const call = parentOf(owner);
  if (call?.type !== "CallExpression") return false;
  if (call.callee === owner) return true;
  const callee = unwrap(call.callee);
  return (
    call.arguments[0] === owner && callee.type === "MemberExpression" && inline.test(memberName(callee) ?? "")
  );
}

function isGlobalCall(
  node: estree.CallExpression,
  object: string,
  method: string,
  resolver: Resolver,
): boolean {
  const callee = unwrap(node.callee);
  return (
    callee.type === "MemberExpression" &&
    callee.object.type === "Identifier" &&
    callee.object.name === object &&
    memberName(callee) === method &&
    isGlobal(callee.object, resolver)
  );
}

/** What `readFile` gave, through a constant or not. What `readFileSync` gives was reported already. */
function isWholeFile(text: estree.Node, resolver: Resolver): boolean {
  const node = unwrap(text);
  if (node.type === "Identifier") {
    const value = resolver.constantValue(node);
    return value !== undefined && value.type !== "Identifier" && isWholeFile(value, resolver);
  }
  const isWaited = node.type === "AwaitExpression" || (node.type === "YieldExpression" && node.delegate);
  if (!isWaited || !node.argument) return false;
  const call = unwrap(node.argument);
  if (call.type !== "CallExpression") return false;
  const called = nodeFunctionOf(call.callee, resolver);
  if (called !== undefined) return called.name === "readFile" && /^fs(?:\/promises)?$/.test(called.module);
  // fs.promises.readFile
  const callee = unwrap(call.callee);
  if (callee.type !== "MemberExpression" || memberName(callee) !== "readFile") return false;
  const { object } = callee;
  return (
    object.type === "MemberExpression" && memberName(object) === "promises" && isFs(object.object, resolver)
  );
}

function isFs(object: estree.Node, resolver: Resolver): boolean {
  return moduleOf(object, resolver) === "fs";
}

/** Those of `fs` that have no namesake in `fs.promises`. */
const onlySync = new Set([
  "existsSync",
  "readSync",
  "writeSync",
  "closeSync",
  "fstatSync",
  "fsyncSync",
  "ftruncateSync",
]);

/** `fs.readFileSync(path)` can be `await fs.promises.readFile(path)` right inside of an async function. */
function asynchronous(
  node: estree.CallExpression,
  { module, name }: NodeFunction,
  resolver: Resolver,
): Rule.SuggestionReportDescriptor[] {
  const callee = unwrap(node.callee);
  if (module !== "fs" || callee.type !== "MemberExpression" || onlySync.has(name)) return [];
  if (functionAround(node)?.async !== true) return [];
  const text = resolver.sourceCode.getText(callee.object as estree.Node);
  const parent = parentOf(node);
  const needsBrackets = parent?.type === "MemberExpression" && parent.object === node;
  const asyncName = name.slice(0, -"Sync".length);
  return [
    {
      messageId: "asynchronous",
      data: { name: asyncName },
      fix: (fixer) => [
        fixer.insertTextBefore(node, needsBrackets ? "(await " : "await "),
        fixer.replaceText(callee, `${text}.promises.${asyncName}`),
        ...(needsBrackets ? [fixer.insertTextAfter(node, ")")] : []),
      ],
    },
  ];
}
