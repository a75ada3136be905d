/** One row of the picture. This module is all that the threads load. */
import { threaded } from "millrace/threads";
import { colour } from "./colour.ts";

/** What part of the plane is drawn, and how. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** Of the middle of the picture, in the complex plane. */
  readonly re: number;
  readonly im: number;
  /** How much of the plane the width covers. */
  readonly span: number;
  /** A point that has not escaped by then is taken to be in the set. */
  readonly iterations: number;
}
export interface Row {
  readonly y: number;
  readonly view: View;
}

/** Red, green and blue of each pixel. Rows through the set cost a hundred times as much as those beside it. */
export const renderRow = threaded(import.meta, ({ y, view }: Row): Uint8Array => {
  const { width, height, re, im, span, iterations } = view;
  const step = span / width;
  const c = im + (height / 2 - y) * step;
  const pixels = new Uint8Array(width * 3);
  for (let x = 0; x < width; x++) {
    pixels.set(colour(escape(re + (x - width / 2) * step, c, iterations), iterations), x * 3);
  }
  return pixels;
});

/** After how many steps of z ← z² + c the point leaves the circle of radius 2; `limit` when it does not. */
function escape(re: number, im: number, limit: number): number {
  let x = 0;
  let y = 0;
  for (let n = 0; n < limit; n++) {
    const xx = x * x;
    const yy = y * y;
    if (xx + yy > 4) return n;
    y = 2 * x * y + im;
    x = xx - yy + re;
  }
  return limit;
}
