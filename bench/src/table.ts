/** Columns as wide as their widest cell; the first is aligned left, the others right, the last left again. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const left = column === 0 || column === header.length - 1;
        return left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
      })
      .join(" | ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("-|-");
  return [line(header), rule, ...rows.map(line)].join("\n");
}

/** Three significant digits, thousands set apart. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const magnitude = Math.abs(value);
  if (magnitude >= 100) {
    const step = 10 ** Math.max(0, Math.floor(Math.log10(magnitude)) - 2);
    const rounded = String(Math.round(Math.round(value / step) * step));
    return rounded.replace(/\B(?=(\d{3})+$)/g, " ");
  }
  if (magnitude >= 10) return value.toFixed(1);
  if (magnitude < 0.005) return "0";
  return value.toFixed(2);
}
