import { createHash } from 'node:crypto';
import { isPortFree } from '../../embedded/free-port.ts';
import type { Records } from './records.ts';

/** Below the range that systems take outgoing ports from, so that a stopped API finds its port free again. */
const first = 20_000;
const count = 12_000;

/**
 * The port of a sandbox's API. Recorded once it is used; before that the first candidate, which derives from the ids.
 */
export function portOf(records: Records, sandboxId: string, component: string): number {
  return (
    records.get(sandboxId)?.ports[component] ??
    candidates(records, sandboxId, component).next().value ??
    first
  );
}

/** Records a port that nobody listens on now: the recorded one if `keep` and it is free, else the next candidate. */
export async function takePort(
  records: Records,
  sandboxId: string,
  component: string,
  keep: boolean,
): Promise<number> {
  const recorded = records.get(sandboxId)?.ports[component];
  if (keep && recorded !== undefined && (await isPortFree(recorded))) return recorded;
  for (const port of candidates(records, sandboxId, component)) {
    if (port === recorded || !(await isPortFree(port))) continue;
    // Another sandbox may have taken it while we looked.
    if (taken(records).has(port)) continue;
    records.update(sandboxId, ({ ports }) => ({ ports: { ...ports, [component]: port } }));
    return port;
  }
  throw new Error(`No free TCP port between ${first} and ${first + count - 1}`);
}

function* candidates(records: Records, sandboxId: string, component: string): Generator<number, undefined> {
  const start = createHash('sha256').update(`${sandboxId}/${component}`).digest().readUInt32BE() % count;
  const others = taken(records);
  for (let step = 0; step < count; step += 1) {
    const port = first + ((start + step) % count);
    if (!others.has(port)) yield port;
  }
}

function taken(records: Records): ReadonlySet<number> {
  return new Set(records.all().flatMap(({ ports }) => Object.values(ports)));
}
