import { expect, it } from 'vitest';
import { World } from './world.ts';

/** mulberry32: a seed gives the same history on every machine. */
function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** SIMULATION_SEED replays one history; SIMULATION_HISTORIES walks more or fewer. */
const histories = Number(process.env.SIMULATION_HISTORIES ?? 20_000);
const only = process.env.SIMULATION_SEED;

it(`keeps its promises in ${only === undefined ? `${histories} random histories` : `history ${only}`} with crashes at every await`, {
  timeout: 15 * 60_000,
}, async () => {
  const totals: Record<string, number> = {};
  const first = only === undefined ? 1 : Number(only);
  for (let seed = first; seed < first + (only === undefined ? histories : 1); seed++) {
    const world = new World(seeded(seed));
    const broken = await world.walk(60);
    for (const [what, n] of Object.entries(world.counts)) totals[what] = (totals[what] ?? 0) + n;
    expect(broken, `replay with SIMULATION_SEED=${seed}`).toEqual([]);
  }
  // A simulation in which nothing happens would prove nothing.
  for (const what of ['ready', 'ended', 'crashes', 'reaped', 'refused'])
    expect(totals[what]).toBeGreaterThan(histories / 100);
});
