/** From the number of steps to a colour. */
export type Colour = readonly [red: number, green: number, blue: number];

const BLACK: Colour = [0, 0, 0];
/** Steps of one turn through the palette. */
const TURN = 48;

/** Black in the set, and around it three waves out of step. */
export function colour(steps: number, limit: number): Colour {
  if (steps === limit) return BLACK;
  const wave = (shift: number): number =>
    Math.round(127.5 * (1 - Math.cos(2 * Math.PI * (steps / TURN + shift))));
  return [wave(0), wave(0.1), wave(0.25)];
}
