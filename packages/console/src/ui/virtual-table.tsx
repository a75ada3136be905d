/**
 * A table of which only the rows in sight are there. Sorting is by one column; the rows are sorted anew whenever
 * they change. Keys: the arrows, Home, End and the page keys move through the rows, Enter opens one.
 */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  /** What a reader may want to know of it. */
  readonly hint: string;
  /** Of the grid: "80px", "minmax(160px, 2fr)". */
  readonly width: string;
  readonly isNumber?: boolean;
  readonly value: (row: T) => number | string;
  readonly cell: (row: T) => ComponentChildren;
}

export interface TableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly id: (row: T) => number;
  readonly selected: number | null;
  readonly onSelect: (id: number) => void;
  readonly rowClass?: (row: T) => string;
  readonly first: string;
  readonly empty: string;
}

interface Sort {
  readonly key: string;
  readonly isDown: boolean;
}

/** As in the style sheet. */
const ROW = 30;
const GAP = 14;
const PADDING = 16;

export function VirtualTable<T>(props: TableProps<T>): JSX.Element {
  const { label, rows, columns, id, selected, onSelect, rowClass, first, empty } = props;
  const [sort, setSort] = useState<Sort>({ key: first, isDown: false });
  const [cursor, setCursor] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const template = columns.map(({ width }) => width).join(" ");

  const column = columns.find(({ key }) => key === sort.key) ?? columns[0]!;
  const sorted = useMemo(() => sortedBy(rows, column.value, id, sort.isDown), [rows, column, sort.isDown]);
  const virtual = useVirtualizer(scroller, sorted.length);
  const active = cursor ?? selected;
  const items = virtual.getVirtualItems();
  const shift = useShift(items[0]?.index ?? 0, items.length);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    const at = sorted.findIndex((row) => id(row) === active);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW) - 2);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: sorted.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined && sorted.length > 0) {
      event.preventDefault();
      const index = Math.min(Math.max(to, 0), sorted.length - 1);
      const next = id(sorted[index]!);
      setCursor(next);
      virtual.scrollToIndex(index);
      if (selected !== null) onSelect(next);
    } else if (event.key === "Enter" && active !== null) {
      event.preventDefault();
      onSelect(active);
    }
  };

  const choose = (row: T): void => {
    setCursor(id(row));
    onSelect(id(row));
  };

  return (
    <div
      class="table"
      role="grid"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={active === null ? undefined : `${label}-${active}`}
      tabIndex={0}
      ref={scroller}
      style={{ "--columns": template, "--least": `${leastWidth(columns)}px` }}
      onKeyDown={onKeyDown}
    >
      <div class="table-head" role="row">
        {columns.map(({ key, title, hint, isNumber }) => (
          <div
            key={key}
            role="columnheader"
            class={isNumber === true ? "number" : ""}
            aria-sort={sort.key === key ? (sort.isDown ? "descending" : "ascending") : "none"}
          >
            <button
              title={hint}
              onClick={() => setSort({ key, isDown: sort.key === key ? !sort.isDown : isNumber === true })}
            >
              {title}
              <span class="sort">{sort.key === key ? (sort.isDown ? "▼" : "▲") : ""}</span>
            </button>
          </div>
        ))}
      </div>
      <div class="table-body" style={{ height: `${virtual.getTotalSize()}px` }}>
        {items.map(({ index, start }) => {
          const row = sorted[index];
          if (row === undefined) return null;
          const rowId = id(row);
          return (
            <Row
              key={index - shift}
              elementId={`${label}-${rowId}`}
              row={row}
              columns={columns}
              drawn={rows}
              top={start}
              index={index}
              isSelected={rowId === selected}
              look={`${rowId === active ? "active" : ""} ${rowClass?.(row) ?? ""}`}
              onChoose={choose}
            />
          );
        })}
      </div>
      {sorted.length === 0 && <p class="empty">{empty}</p>}
    </div>
  );
}

interface RowProps<T> {
  readonly elementId: string;
  readonly row: T;
  readonly columns: readonly Column<T>[];
  /** Another one whenever the times that it shows have gone on. */
  readonly drawn: unknown;
  readonly top: number;
  readonly index: number;
  readonly isSelected: boolean;
  readonly look: string;
  readonly onChoose: (row: T) => void;
}

/** Made anew only when something of it is another. */
function Row<T>(props: RowProps<T>): JSX.Element {
  const { elementId, row, columns, drawn, top, index, isSelected, look, onChoose } = props;
  const cells = useMemo(
    () =>
      columns.map(({ key, isNumber, cell }) => (
        <div key={key} role="gridcell" class={isNumber === true ? "number" : ""}>
          {cell(row)}
        </div>
      )),
    [row, columns, drawn],
  );
  return (
    <div
      id={elementId}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      class={`row ${look}`}
      style={{ top: `${top}px` }}
      onClick={() => onChoose(row)}
    >
      {cells}
    </div>
  );
}

/** Below this the table scrolls sideways. */
function leastWidth(columns: readonly Column<never>[]): number {
  const least = columns.map(({ width }) => Number(/\d+(?=px)/.exec(width)?.[0] ?? 0) + GAP);
  return least.reduce((sum, width) => sum + width, PADDING * 2 - GAP);
}

/** Each value is looked up once, and not at each comparison. */
function sortedBy<T>(
  rows: readonly T[],
  value: (row: T) => number | string,
  id: (row: T) => number,
  isDown: boolean,
): T[] {
  const keyed = rows.map((row) => ({ row, key: value(row), id: id(row) }));
  const sign = isDown ? -1 : 1;
  keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : a.id - b.id));
  return keyed.map(({ row }) => row);
}

/**
 * What to take from an index to get the key of its row. A row keeps its element while it is in sight; when more
 * than half of the rows are others at once, all elements are taken for the new ones as they stand, which is
 * cheaper than making them.
 */
function useShift(first: number, length: number): number {
  const last = useRef({ first, shift: 0 });
  const moved = first - last.current.first;
  const shift = last.current.shift + (Math.abs(moved) > length / 2 ? moved : 0);
  last.current = { first, shift };
  return shift;
}

function useVirtualizer(
  scroller: { readonly current: HTMLDivElement | null },
  size: number,
): Virtualizer<HTMLDivElement, Element> {
  const [, redraw] = useState(0);
  const options = {
    count: size,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 4,
    scrollPaddingStart: ROW,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw((n) => n + 1),
  };
  const [virtual] = useState(() => new Virtualizer<HTMLDivElement, Element>(options));
  virtual.setOptions(options);
  useEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  return virtual;
}
