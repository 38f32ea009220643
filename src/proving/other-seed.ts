import { drawParameters } from '../templates/draw.ts';
import type { Template } from '../templates/types.ts';

const candidates = 12;

/** A seed under which as much as possible is drawn otherwise. Rows are unknown here and are drawn anew anyway. Pure. */
export function otherSeed({ parameters }: Pick<Template, 'parameters'>, seed: string): string {
  const known = Object.fromEntries(Object.entries(parameters).filter(([, { draw }]) => draw !== 'row'));
  const drawn = (one: string) =>
    Object.values(drawParameters(known, one, {})).map((value) => JSON.stringify(value));
  const first = drawn(seed);
  const seeds = Array.from({ length: candidates }, (_, nth) => `${seed}, other ${nth + 1}`);
  const different = (one: string) => drawn(one).filter((value, at) => value !== first[at]).length;
  return seeds.reduce((best, one) => (different(one) > different(best) ? one : best), `${seed}, other`);
}
