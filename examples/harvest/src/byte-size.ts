/** 1_234_567 → "1.2 MB". */
export function byteSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let size = bytes;
  while (size >= 999.5 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${size.toFixed(size < 10 && size !== bytes ? 1 : 0)} ${units[0]}`;
}
