/** What the grading of a lab that fights back may cost, all of it at once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gradeLab } from '../../src/grading/grade.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import { grading } from '../support/graded-lab.ts';
import {
  type HostileLab,
  hostileChecks,
  hostileDeadlineSeconds,
  hostileSandbox,
  makeHostile,
} from './hostile-lab.ts';
import { measured } from './measured.ts';
import { type HostileWorld, startHostileWorld } from './world.ts';

let world: HostileWorld;
let lab: HostileLab;
let judge: Judge;

beforeAll(async () => {
  world = await startHostileWorld();
  const { sandbox } = await world.lab(hostileSandbox, AbortSignal.timeout(60_000));
  lab = await makeHostile(sandbox);
  judge = createJudge();
});
afterAll(async () => {
  await judge?.close();
  await lab?.stop();
  await world?.stop();
});

it('comes to a verdict a second after the deadline at the latest, within 64 MiB, and again and again', async () => {
  const { input, judge: unused } = grading(hostileChecks, lab.sandbox, { judge });
  await unused.close();
  // The first one loads what all later ones use.
  await gradeLab(input, AbortSignal.timeout(30_000));
  for (let round = 0; round < 3; round += 1) {
    const { value, ms, lagMs, grownMiB } = await measured(() => gradeLab(input, AbortSignal.timeout(30_000)));
    const verdicts = value.results.map(({ checkId, verdict }) => `${checkId}: ${verdict}`);
    expect(verdicts.filter((told) => !told.endsWith('fail'))).toEqual([]);
    expect(ms - lagMs).toBeLessThan((hostileDeadlineSeconds + 1) * 1_000);
    expect(grownMiB).toBeLessThan(64);
  }
}, 120_000);
