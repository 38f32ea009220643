/** Two backends that should give the same verdicts: here the second is the first by another name, with facts of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxDriver } from '../../src/lab/ports.ts';
import { elsewhereOf } from '../../src/proving/parity.ts';
import { proveTemplate, provingParts } from '../../src/proving/prove.ts';
import type { BackendName } from '../../src/templates/types.ts';
import { makeDataFolder, startWorld, type World } from '../e2e/support.ts';
import { copyTemplates, proveOnBoth, told } from './backends-world.ts';
import { aProof } from './example-proofs.ts';

/** Says `localhost` where the other says 127.0.0.1. */
function twinOf(driver: SandboxDriver): SandboxDriver {
  return Object.assign(Object.create(driver) as SandboxDriver, {
    name: 'docker' as const,
    access: (...[plan, component]: Parameters<SandboxDriver['access']>) => {
      const access = driver.access(plan, component);
      return 'host' in access ? { ...access, host: 'localhost' } : access;
    },
  });
}

describe('a template on two backends', { timeout: 240_000 }, () => {
  const folder = makeDataFolder();
  let world: World;

  beforeAll(async () => {
    copyTemplates(join(folder, 'templates'));
    world = await startWorld({ templatesDir: join(folder, 'templates'), spares: '0', labsPerTrainee: '100' });
    const drivers = world.runtime.drivers as Map<BackendName, SandboxDriver>;
    const [driver] = drivers.values();
    if (driver === undefined) throw new Error('there is no backend');
    drivers.set('docker', twinOf(driver));
  });
  afterAll(async () => {
    await world?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is proved whole on the first, and compared on the second', async () => {
    const { first, other } = await proveOnBoth(provingParts(world.runtime), 'base');
    expect([...told(first), ...told(other)]).toEqual([]);
    expect([first.outcome, other.outcome, other.backend]).toEqual(['proved', 'proved', 'docker']);
    expect(first.runs.map(({ name }) => name)).toContain('by-sql without name');
    expect(other.runs.map(({ name }) => name)).toEqual([
      ...[
        'by-sql, before it',
        'by-sql',
        'by-sql, graded again',
        'by-sql, done twice',
        'by-sql, after a reset',
      ],
      ...['miscounted', 'counted-all'],
    ]);
  });

  it('leaves wrong ways on the second for another day when there is no time for them', async () => {
    const version = await world.runtime.templates.load('base');
    if (version === null) throw new Error('the template does not load');
    const like = elsewhereOf(aProof({ runs: [] }));
    const options = { backend: 'docker', like, mutationsUntil: 0 } as const;
    const parts = provingParts(world.runtime);
    const report = await proveTemplate(parts, version, options, AbortSignal.timeout(200_000));
    expect(report.outcome).toBe('proved');
    expect(report.runs.map(({ kind }) => kind)).toEqual(['start', 'solution', 'again', 'rerun', 'reset']);
  });

  it('is refused where a verdict differs, which names both and what was seen', async () => {
    const { first, other } = await proveOnBoth(provingParts(world.runtime), 'backends-differ');
    expect([told(first), first.outcome, other.outcome]).toEqual([[], 'proved', 'refused']);
    expect(told(other)).toContainEqual(
      expect.stringMatching(
        /^backends-differ in by-sql of counted: process: pass with 6 points \(saw town: .*"people":\d+.*\); docker: fail with 0 points \(It has \d+ people, on localhost\., saw town: /,
      ),
    );
    const place = other.runs.flatMap(({ defects }) => defects).find(({ code }) => code === 'backends-differ');
    expect(place).toMatchObject({ file: 'lab.yaml', line: expect.any(Number) });
  });
});
