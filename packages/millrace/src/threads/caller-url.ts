/** The URL of a module: its `import.meta.url`, or where a bundler took that away, the file that the engine runs. */

export function callerUrl(meta: { readonly url?: string }, depth: number): string {
  if (typeof meta.url === "string") return meta.url;
  const holder = Error as unknown as {
    prepareStackTrace?: (error: unknown, frames: { getFileName(): string | null }[]) => unknown;
    captureStackTrace?(target: object, above: unknown): void;
  };
  const { prepareStackTrace } = holder;
  const target: { stack?: unknown } = {};
  try {
    holder.prepareStackTrace = (_, frames) => frames[depth]?.getFileName();
    holder.captureStackTrace?.(target, callerUrl);
    const file = target.stack;
    if (typeof file !== "string")
      throw new TypeError("the module does not know its own URL (import.meta.url)");
    return file.includes("://") ? file : new URL(`file://${encodeURI(file)}`).href;
  } finally {
    if (prepareStackTrace === undefined) delete holder.prepareStackTrace;
    else holder.prepareStackTrace = prepareStackTrace;
  }
}
