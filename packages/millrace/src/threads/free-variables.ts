/**
 * The variables that a function's source takes from outside of it, found by reading its tokens.
 *
 * No parser, and no need of one: a name that is declared anywhere in the source counts as its own, a name
 * after a dot or before the colon of a property is not a variable. What this overlooks (a name used
 * outside of the block that declares it) is a `ReferenceError` on the thread.
 */

interface Token {
  readonly kind: "name" | "punctuation" | "other";
  readonly text: string;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "arguments as async await break case catch class const continue debugger default delete do else export extends false " +
    "finally for from function get if import in instanceof let new null of return set static super switch this throw true " +
    "try typeof undefined var void while with yield"
  ).split(" "),
);
const BEFORE_REGEX =
  /^(?:[([{,;=:!&|?+\-*%~^<>]|=>|return|typeof|case|in|of|void|delete|throw|new|else|do|yield|await)$/;
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;

export function freeVariables(source: string): string[] {
  const tokens = tokenize(source);
  const declared = declaredNames(tokens);
  const free = new Set<string>();
  tokens.forEach((token, i) => {
    if (token.kind !== "name" || KEYWORDS.has(token.text) || declared.has(token.text)) return;
    if (isProperty(tokens, i)) return;
    free.add(token.text);
  });
  return [...free];
}

function text(tokens: readonly Token[], i: number): string {
  return tokens[i]?.text ?? "";
}

/** After a dot, a key of an object or of a class, a label, or the name of a method. */
function isProperty(tokens: readonly Token[], i: number): boolean {
  const before = text(tokens, i - 1);
  const after = text(tokens, i + 1);
  if (before === "." || before === "?." || before === "#") return true;
  if (before === "break" || before === "continue") return true;
  if (after === ":" && (before === "{" || before === "," || before === ";" || before === "}")) return true;
  // A method: `name(…) {`, which a call cannot be followed by.
  if (after === "(" && /^(?:[{,;}]|async|get|set|static|\*)$/.test(before)) {
    const end = closing(tokens, i + 1);
    return text(tokens, end + 1) === "{";
  }
  return false;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if ("([{".includes(text(tokens, i))) depth++;
    if (")]}".includes(text(tokens, i)) && --depth === 0) return i;
  }
  return tokens.length;
}
function opening(tokens: readonly Token[], close: number): number {
  let depth = 0;
  for (let i = close; i >= 0; i--) {
    if (")]}".includes(text(tokens, i))) depth++;
    if ("([{".includes(text(tokens, i)) && --depth === 0) return i;
  }
  return 0;
}

function declaredNames(tokens: readonly Token[]): Set<string> {
  const declared = new Set<string>();
  /** The names that a pattern binds: not its keys, not its defaults. */
  const bind = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const { kind, text: name } = tokens[i]!;
      if (name === "=") {
        // A default, up to the comma of this level.
        let depth = 0;
        for (i++; i < to; i++) {
          const each = text(tokens, i);
          if ("([{".includes(each)) depth++;
          if (")]}".includes(each) && --depth < 0) break;
          if (each === "," && depth === 0) break;
        }
      } else if (kind === "name" && text(tokens, i + 1) !== ":" && !KEYWORDS.has(name)) declared.add(name);
    }
  };
  tokens.forEach(({ text: each }, i) => {
    const next = tokens[i + 1];
    if (each === "var" || each === "let" || each === "const") bindDeclaration(tokens, i + 1, bind);
    else if (each === "class" && next?.kind === "name") declared.add(next.text);
    else if (each === "function") {
      const name = text(tokens, i + 1) === "*" ? i + 2 : i + 1;
      if (tokens[name]?.kind === "name") declared.add(text(tokens, name));
    } else if (each === "catch" && next?.text === "(") bind(i + 2, closing(tokens, i + 1));
    else if (each === "=>") {
      if (text(tokens, i - 1) === ")") bind(opening(tokens, i - 1) + 1, i - 1);
      else declared.add(text(tokens, i - 1));
    } else if (each === "{" && text(tokens, i - 1) === ")") {
      // The parameters of a function or a method; of an `if` it binds what is used there anyway.
      const open = opening(tokens, i - 1);
      if (isParameters(tokens, open)) bind(open + 1, i - 1);
    }
  });
  return declared;
}

/** Whether the parenthesis opens parameters, and not a condition. */
function isParameters(tokens: readonly Token[], open: number): boolean {
  const before = text(tokens, open - 1);
  return !/^(?:if|for|while|switch|with|catch|await)$/.test(before);
}

/** `const a = 1, { b } = c`: the patterns between the commas. */
function bindDeclaration(
  tokens: readonly Token[],
  start: number,
  bind: (from: number, to: number) => void,
): void {
  let i = start;
  for (;;) {
    const first = text(tokens, i);
    const end = first === "{" || first === "[" ? closing(tokens, i) + 1 : i + 1;
    bind(i, end);
    if (text(tokens, end) !== "=" && text(tokens, end) !== ",") return;
    let depth = 0;
    for (i = end; i < tokens.length; i++) {
      const each = text(tokens, i);
      if ("([{".includes(each)) depth++;
      if (")]}".includes(each) && --depth < 0) return;
      if (depth > 0) continue;
      if (each === ";" || KEYWORDS_THAT_END.has(each)) return;
      if (each === ",") break;
    }
    if (i >= tokens.length) return;
    i++;
  }
}
const KEYWORDS_THAT_END: ReadonlySet<string> = new Set(["of", "in", "const", "let", "var", "return"]);

/** Names and punctuation; literals as one token each, the expressions in a template among the others. */
function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const templates: number[] = [];
  let i = 0;
  let braces = 0;
  const template = (): void => {
    while (i < source.length) {
      if (source[i] === "\\") i += 2;
      else if (source[i] === "`") {
        i++;
        tokens.push({ kind: "other", text: "``" });
        return;
      } else if (source.startsWith("${", i)) {
        i += 2;
        templates.push(braces);
        tokens.push({ kind: "punctuation", text: "(" });
        return;
      } else i++;
    }
  };
  while (i < source.length) {
    const char = source[i]!;
    if (/\s/.test(char)) i++;
    else if (source.startsWith("//", i)) i = until(source, "\n", i);
    else if (source.startsWith("/*", i)) i = until(source, "*/", i + 2);
    else if (char === '"' || char === "'") i = quoted(source, i, char, tokens);
    else if (char === "`") {
      i++;
      template();
    } else if (char === "}" && templates.at(-1) === braces) {
      templates.pop();
      tokens.push({ kind: "punctuation", text: ")" });
      i++;
      template();
    } else if (/[0-9]/.test(char) || (char === "." && /[0-9]/.test(source[i + 1] ?? ""))) {
      i += /^(?:0[xbo][\da-f_]+n?|[\d_]*\.?[\d_]*(?:e[+-]?\d+)?n?)/i.exec(source.slice(i))![0].length || 1;
      tokens.push({ kind: "other", text: "0" });
    } else if (char === "/" && (tokens.length === 0 || BEFORE_REGEX.test(tokens.at(-1)!.text))) {
      i += /^\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+\/[a-z]*/.exec(source.slice(i))?.[0].length ?? 1;
      tokens.push({ kind: "other", text: "//" });
    } else {
      NAME.lastIndex = i;
      const name = NAME.exec(source)?.[0];
      if (name !== undefined) tokens.push({ kind: "name", text: name });
      const sign = /^(?:=>|\?\.(?!\d)|\.\.\.|[=!]==?|[<>]=|&&|\|\||\?\?|\+\+|--)/.exec(
        source.slice(i, i + 3),
      )?.[0];
      const token = name ?? sign ?? char;
      if (name === undefined) tokens.push({ kind: "punctuation", text: token });
      if (token === "{") braces++;
      if (token === "}") braces--;
      i += token.length;
    }
  }
  return tokens;
}

function until(source: string, end: string, from: number): number {
  const found = source.indexOf(end, from);
  return found < 0 ? source.length : found + end.length;
}

function quoted(source: string, start: number, quote: string, tokens: Token[]): number {
  let i = start + 1;
  while (i < source.length && source[i] !== quote) i += source[i] === "\\" ? 2 : 1;
  tokens.push({ kind: "other", text: '""' });
  return i + 1;
}
