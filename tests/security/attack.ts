/**
 * An attack as data: tried once against the product as it is, and once with the one defence switched off that is said
 * to hold it. The second is what makes the first worth anything: an attack that never works proves nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The first eight need no boundary between labs but ours; then what a container is to hold, and what a cluster. */
export const attackFamilies = [
  'sql',
  'http',
  'file',
  'exec',
  'expression',
  'template',
  'api',
  'proxy',
  'network',
  'host',
  'escape',
  'kubernetes',
] as const;
export type AttackFamily = (typeof attackFamilies)[number];

/** Whether the attacker got what they wanted, and what was seen, for whoever reads a failed test. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly seen: string;
}

export interface Attack<World = undefined> {
  readonly family: AttackFamily;
  /** What the attacker does, in a few words; one of its kind in the corpus. */
  readonly name: string;
  /** What holds it. */
  readonly defence: string;
  /** How `control` switches just that off: a weaker option of the real code, or undone in the world. */
  readonly off: string;
  /** The attack with every defence on: must not succeed. */
  readonly run: (world: World, signal: AbortSignal) => Promise<Outcome>;
  /** The same attack with that one defence off: must succeed. */
  readonly control: (world: World, signal: AbortSignal) => Promise<Outcome>;
}

/** Only for its types: an attack of its world. */
export function attack<World = undefined>(one: Attack<World>): Attack<World> {
  return one;
}

/** The outcome of an attack that succeeds when `succeeded`; `seen` is anything that tells what happened. */
export function outcome(succeeded: boolean, seen: unknown): Outcome {
  return { succeeded, seen: typeof seen === 'string' ? seen : (JSON.stringify(seen) ?? String(seen)) };
}

/** How the attacks of one file get their world. */
export interface Worlds<World> {
  start(): Promise<World>;
  stop(world: World): Promise<void>;
}

/** Milliseconds; absent: as any test. `concurrent`: attacks that do not disturb one another, nor their controls. */
export interface Trying {
  readonly concurrent?: boolean;
  readonly timeout?: number;
  /** Of the world's start, and of its end. */
  readonly startTimeout?: number;
}

/** Declares the two tests of each attack, over one world for all of them. */
export function tryAttacks<World>(
  title: string,
  attacks: readonly Attack<World>[],
  worlds: Worlds<World>,
  { startTimeout, ...trying }: Trying = {},
): void {
  describe(title, trying, () => {
    let world: World;
    beforeAll(async () => {
      world = await worlds.start();
    }, startTimeout);
    afterAll(async () => {
      // Without a world its start has failed, and has been told.
      if (world !== undefined) await worlds.stop(world);
    }, startTimeout);
    describe.each(attacks)('$name', ({ run, control, defence, off }) => {
      test(`is held: ${defence}`, async ({ signal }) => {
        const { succeeded, seen } = await run(world, signal);
        expect(succeeded, seen).toBe(false);
      });
      test(`works without: ${off}`, async ({ signal }) => {
        const { succeeded, seen } = await control(world, signal);
        expect(succeeded, seen).toBe(true);
      });
    });
  });
}
