/** Where each cell of the grid lies, which of them are in sight, and where the arrow keys lead. All lengths in CSS pixels. */

export interface Layout {
  readonly columns: number;
  readonly width: number; // of a cell
  readonly height: number;
  readonly gap: number;
}

/** As many columns as cells of at least `least` fit; a cell is a square picture above a caption. */
export function layoutOf(width: number, least: number, gap: number, caption: number): Layout {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const cell = (width - gap * (columns - 1)) / columns;
  return { columns, width: cell, height: cell + caption, gap };
}

/** The height of `count` cells. */
export function heightOf({ columns, height, gap }: Layout, count: number): number {
  const rows = Math.ceil(count / columns);
  return Math.max(0, rows * (height + gap) - gap);
}

/** The cells [first, end) that touch the strip from `top` to `top + length` of the grid. */
export function visible(
  { columns, height, gap }: Layout,
  count: number,
  top: number,
  length: number,
): [number, number] {
  const row = height + gap;
  const first = Math.floor(Math.max(0, top) / row) * columns;
  const end = Math.ceil(Math.max(0, top + length) / row) * columns;
  return [Math.min(first, count), Math.min(end, count)];
}

/** The upper left corner of a cell. */
export function placeOf({ columns, width, height, gap }: Layout, index: number): { x: number; y: number } {
  return { x: (index % columns) * (width + gap), y: Math.floor(index / columns) * (height + gap) };
}

/** Where a key leads from `index`; undefined where it is no key of ours. `rows` are those that a page shows. */
export function moved(key: string, index: number, columns: number, count: number, rows: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * rows,
    PageDown: columns * rows,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  const to = index + step;
  if (key === "ArrowUp" && to < 0) return index; // a column has its own end
  if (key === "ArrowDown" && to >= count)
    return Math.floor(index / columns) === Math.floor((count - 1) / columns) ? index : count - 1;
  return Math.max(0, Math.min(count - 1, to));
}
