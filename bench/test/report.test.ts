import { expect, test } from "vitest";
import { mark, ratioTo, renderRow, type Row } from "../src/report.ts";
import { median, pairedRatio } from "../src/statistics.ts";
import { formatFigure, renderTable } from "../src/table.ts";

function row(promise: readonly number[], ours: readonly number[], required: Row["required"]): Row {
  const base = { how: "", operations: 1000 };
  return {
    name: "a row",
    unit: "ns",
    required,
    entries: [
      { ...base, column: "promise", name: "promise", rounds: promise },
      { ...base, column: "peer", name: "slow", rounds: [900] },
      { ...base, column: "peer", name: "quick", rounds: [300] },
      { ...base, column: "yield*", name: "yield*", rounds: ours },
    ],
  };
}

test("the median of an even number of figures lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});

test("a ratio is the median over paired rounds, so a slow round cancels out", () => {
  expect(pairedRatio([10, 100, 10], [20, 200, 20])).toBe(0.5);
});

test("a row whose ratio is above the required one is marked SHORT", () => {
  expect(mark(row([100], [60], [{ column: "yield*", ratio: 0.5 }]))).toBe("SHORT");
  expect(mark(row([100], [40], [{ column: "yield*", ratio: 0.5 }]))).toBe("ok");
});

test("an absolute limit is compared with our figure itself", () => {
  expect(mark(row([100], [60], [{ column: "yield*", limit: 50 }]))).toBe("SHORT");
  expect(mark(row([100], [60], [{ column: "yield*", limit: 60 }]))).toBe("ok");
});

test("ahead of peers means ahead of the quickest of them", () => {
  const required = [{ column: "yield*", isAheadOfPeers: true }] as const;
  expect(mark(row([100], [301], required))).toBe("SHORT");
  expect(mark(row([100], [299], required))).toBe("ok");
  expect(renderRow(row([100], [299], required))).toContain("ahead of peers");
});

test("a row in which ours gave no figure is marked FAILED", () => {
  expect(mark(row([100], [], [{ column: "yield*", ratio: 0.5 }]))).toBe("FAILED");
});

test("a row names its best peer and shows its ratio beside the required one", () => {
  const cells = renderRow(row([100, 100], [40, 42], [{ column: "yield*", ratio: 0.5 }]));
  expect(cells).toEqual(["a row", "ns", "100", "", "300 quick", "", "41.0", "0.41×", "≤ 0.5×", "ok"]);
});

test("peak memory is not compared with contenders that did fewer operations", () => {
  const full = row([100], [40], []);
  const [promise, , , ours] = full.entries;
  const uneven: Row = { ...full, unit: "MB", entries: [promise!, { ...ours!, operations: 10 }] };
  expect(ratioTo(uneven, "yield*")).toBeNaN();
});

test("figures have three significant digits", () => {
  expect([0.001, 0.125, 9.87, 65.43, 158.6, 3672, 1_234_567].map(formatFigure)).toEqual([
    "0",
    "0.13",
    "9.87",
    "65.4",
    "159",
    "3 670",
    "1 230 000",
  ]);
});

test("a table's columns are as wide as their widest cell", () => {
  expect(renderTable(["a", "b"], [["long name", "1"]])).toBe(
    ["a         | b", "----------|--", "long name | 1"].join("\n"),
  );
});
