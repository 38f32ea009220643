import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isPortFree } from '../../embedded/free-port.ts';
import type { SandboxPlan } from '../../lab/ports.ts';
import { standsAlone } from '../postgres/stands-alone.ts';
import type { Records } from './records.ts';

/** Below the range that systems take outgoing ports from, so that a stopped program finds its port free again. */
const first = 20_000;
const count = 12_000;

/**
 * The port of a sandbox's program; `name` is the component, or `<component>/control`. Recorded once it is used; before
 * that the first candidate, which derives from the ids.
 */
export function portOf(records: Records, sandboxId: string, name: string): number {
  return records.get(sandboxId)?.ports[name] ?? candidates(records, sandboxId, name).next().value ?? first;
}

/** Records a port that nobody listens on now: the recorded one if `keep` and it is free, else the next candidate. */
export async function takePort(
  records: Records,
  sandboxId: string,
  name: string,
  keep: boolean,
): Promise<number> {
  const recorded = records.get(sandboxId)?.ports[name];
  if (keep && recorded !== undefined) {
    // Others know it by now, and whoever has it may be about to end.
    for (let look = 1; look <= 10; look += 1) {
      if (await isPortFree(recorded)) return recorded;
      await delay(50);
    }
  }
  for (const port of candidates(records, sandboxId, name)) {
    if (port === recorded || !(await isPortFree(port))) continue;
    // Somebody else may have taken one for the same program while we looked.
    const now = records.get(sandboxId)?.ports[name];
    if (now !== undefined && now !== recorded) return now;
    // Another sandbox may have taken it while we looked.
    if (taken(records).has(port)) continue;
    records.update(sandboxId, ({ ports }) => ({ ports: { ...ports, [name]: port } }));
    return port;
  }
  throw new Error(`No free TCP port between ${first} and ${first + count - 1}`);
}

/** Fixes a program's port before it is started, for others that are told of it. */
async function reservePort(records: Records, sandboxId: string, name: string): Promise<void> {
  if (records.get(sandboxId)?.ports[name] === undefined) await takePort(records, sandboxId, name, true);
}

/** As `reservePort`, of all that listen: what is told of a program that starts later must be where it will listen. */
export async function reservePorts(records: Records, plan: SandboxPlan): Promise<void> {
  for (const [name, { spec }] of Object.entries(plan.components)) {
    if (listening.has(spec.kind) || standsAlone(plan.version, name))
      await reservePort(records, plan.sandboxId, name);
  }
}

const listening: ReadonlySet<string> = new Set(['sample-api', 'service', 'redis', 'stub']);

function* candidates(records: Records, sandboxId: string, name: string): Generator<number, undefined> {
  const start = createHash('sha256').update(`${sandboxId}/${name}`).digest().readUInt32BE() % count;
  const others = taken(records);
  for (let step = 0; step < count; step += 1) {
    const port = first + ((start + step) % count);
    if (!others.has(port)) yield port;
  }
}

function taken(records: Records): ReadonlySet<number> {
  return new Set(records.all().flatMap(({ ports }) => Object.values(ports)));
}
