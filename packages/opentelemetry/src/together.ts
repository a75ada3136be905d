/** Several disposables as one, disposed from the last to the first. Node 22 has no `DisposableStack`. */
export function together(parts: readonly Disposable[]): Disposable {
  return {
    [Symbol.dispose]() {
      for (const part of parts.toReversed()) part[Symbol.dispose]();
    },
  };
}
