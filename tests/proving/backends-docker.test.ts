/** The good template of `tests/templates-bad`, and the one whose verdicts differ, in processes and in containers. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provingParts } from '../../src/proving/prove.ts';
import { makeDataFolder, startWorld, type World } from '../e2e/support.ts';
import { dockerMissing, requireDocker, startTestEngine, type TestEngine } from '../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../support/images.ts';
import { copyTemplates, proveOnBoth, told } from './backends-world.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('a template in processes and in containers', () => {
  const folder = makeDataFolder();
  let world: World;
  let engine: TestEngine;

  beforeAll(async () => {
    await ensureImages();
    copyTemplates(join(folder, 'templates'));
    world = await startWorld({
      templatesDir: join(folder, 'templates'),
      backends: 'process,docker',
      spares: '0',
      labsPerTrainee: '100',
    });
    engine = startTestEngine(world.installation.id);
  }, imagesTimeoutMs);
  afterAll(async () => {
    await world?.stop();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const timeout = 600_000;

  it('is proved where the verdicts are the same, and leaves nothing', { timeout }, async () => {
    const { first, other } = await proveOnBoth(provingParts(world.runtime), 'base');
    expect([...told(first), ...told(other)]).toEqual([]);
    expect([first.outcome, other.outcome]).toEqual(['proved', 'proved']);
    expect(Object.values(await engine.count())).toEqual([0, 0, 0, 0]);
  });

  it('is refused where one differs', { timeout }, async () => {
    const { first, other } = await proveOnBoth(provingParts(world.runtime), 'backends-differ');
    expect([told(first), first.outcome, other.outcome]).toEqual([[], 'proved', 'refused']);
    expect(told(other)).toContainEqual(
      expect.stringMatching(
        /^backends-differ in by-sql of counted: process: pass with 6 points \(.*\); docker: fail with 0 points \(It has \d+ people, on database\.,/,
      ),
    );
    const codes = new Set(other.runs.flatMap(({ defects }) => defects).map(({ code }) => code));
    expect([...codes].sort()).toEqual(['backends-differ', 'not-solved', 'wrong-differs']);
  });
});
