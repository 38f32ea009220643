import { expect } from 'vitest';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { World } from './world.ts';

/** SIMULATION_SEED replays one history; SIMULATION_HISTORIES walks more or fewer. */
export const histories = Number(process.env.SIMULATION_HISTORIES ?? 20_000);
export const replay = process.env.SIMULATION_SEED === undefined ? null : Number(process.env.SIMULATION_SEED);

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

/** What goes on in labs measures spans of time by `performance.now()`: it must be the simulated clock's. */
async function walk(world: World): Promise<readonly string[]> {
  Object.assign(performance, { now: () => world.time });
  try {
    return await world.walk(60);
  } finally {
    Reflect.deleteProperty(performance, 'now');
  }
}

/** The promises that the history of a seed breaks over this store. */
export function sabotaged(
  seed: number,
  sabotage: (store: MemoryStore) => MemoryStore,
): Promise<readonly string[]> {
  return walk(new World(seeded(seed), sabotage));
}

/** Walks the histories of these seeds; fails at the first that breaks a promise, and when too little happened. */
export async function walkAll(from: number, to: number): Promise<void> {
  const totals: Record<string, number> = {};
  // What is thrown in a history is nearly always planned: only of one that is replayed is it read where from.
  const { stackTraceLimit } = Error;
  if (replay === null) Error.stackTraceLimit = 0;
  for (let seed = from; seed < to; seed++) {
    const world = new World(seeded(seed));
    const broken = await walk(world);
    for (const [what, n] of Object.entries(world.totals)) totals[what] = (totals[what] ?? 0) + n;
    if (broken.length > 0) Error.stackTraceLimit = stackTraceLimit;
    expect(broken, `replay with SIMULATION_SEED=${seed}`).toEqual([]);
  }
  Error.stackTraceLimit = stackTraceLimit;
  if (replay !== null) return;
  // A simulation in which nothing happens would prove nothing.
  for (const what of Object.keys(totals)) {
    expect(totals[what], what).toBeGreaterThan((to - from) / 100);
  }
}
