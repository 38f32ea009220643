/**
 * Templates with one planted defect each, beside the good one that they were made from: the proof refuses every one of
 * them, for the reason that it was planted for and for no other.
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { projectRoot } from '../../src/config.ts';
import { defectsOf, describeDefect } from '../../src/proving/defects.ts';
import { type ProvingParts, proveTemplate, provingParts } from '../../src/proving/prove.ts';
import { unloadedReport } from '../../src/proving/report.ts';
import { type DefectCode, defectCodes, type ProofReport } from '../../src/proving/types.ts';
import { processesOf } from '../cli/labwright.ts';
import { startWorld, type World } from '../e2e/support.ts';

const root = join(projectRoot, 'tests', 'templates-bad');
const folders = readdirSync(root).filter((name) => name !== 'base');

const code = z.enum(Object.keys(defectCodes) as [DefectCode, ...DefectCode[]]);
const expectation = z.strictObject({
  code,
  severity: z.enum(['error', 'warning']).default('error'),
  check: z.string().optional(),
  run: z.string().optional(),
  /** Part of the message. */
  says: z.string().min(1),
  /** What else follows from the one defect, now or then. */
  also: z.array(code).default([]),
  /** Nothing is wrong with it on process; it is refused on this backend, which `backends-docker.test.ts` shows. */
  backend: z.literal('docker').optional(),
  /** How often solutions and wrong ways are run. */
  runs: z.int().default(1),
});
const read = (name: string, file: string) => readFileSync(join(root, name, file), 'utf8');
const expectedOf = (name: string) => expectation.parse(JSON.parse(read(name, 'expected.json')));

const refusedHere = folders.filter((name) => expectedOf(name).backend === undefined);

/** Proofs under way; those that mostly wait are begun first. */
const atOnce = pLimit(12);
const slow = ['never-ready', 'leaks-a-process', 'timing-inside-band'];
const rank = (name: string) => (slow.includes(name) ? 0 : 1);

describe('a template', () => {
  let world: World;
  const began = Date.now();
  const proofs = new Map<string, Promise<ProofReport>>();
  const stop = new AbortController();

  beforeAll(async () => {
    world = await startWorld({
      templatesDir: root,
      spares: '0',
      labsPerTrainee: '500',
      labsGlobal: '500',
      concurrency: '4',
    });
    const parts = provingParts(world.runtime, 4);
    for (const name of ['base', ...refusedHere].toSorted((a, b) => rank(a) - rank(b))) {
      const proof = atOnce(() => prove(parts, name));
      // Each test awaits its own; the others must not end the process meanwhile.
      proof.catch(() => {});
      proofs.set(name, proof);
    }
    world.onStop(async () => removePlanted());
  });
  afterAll(async () => {
    stop.abort();
    await Promise.allSettled(proofs.values());
    await world?.stop();
  });

  async function prove(parts: ProvingParts, name: string): Promise<ProofReport> {
    const version = await world.runtime.templates.load(name);
    if (version === null) {
      const all = await world.runtime.templates.problems();
      return unloadedReport(name, 'process', all.find(({ id }) => id === name)?.problems ?? []);
    }
    const { runs } = name === 'base' ? { runs: 1 } : expectedOf(name);
    return proveTemplate(parts, version, { runs }, stop.signal);
  }

  /** What two of them leave on the machine on purpose; nothing else of the labs may be left. */
  function removePlanted(): void {
    for (const line of processesOf(world.installation.dataDir)) {
      const [, pid] = /^(\d+) sleep 120$/.exec(line) ?? [];
      if (pid !== undefined) process.kill(Number(pid));
    }
    for (const name of readdirSync(tmpdir())) {
      const path = join(tmpdir(), name);
      if (/^labwright-test-[^-]+$/.test(name) && statSync(path).mtimeMs >= began) rmSync(path);
    }
  }

  const timeout = 600_000;

  it('is proved when nothing is wrong with it', { timeout }, async () => {
    const report = await proofs.get('base');
    expect(report && defectsOf(report).map(describeDefect)).toEqual([]);
    expect(report?.outcome).toBe('proved');
  });

  it.each(refusedHere)('is refused for what is planted: %s', { timeout }, async (name) => {
    const expected = expectedOf(name);
    const report = await proofs.get(name);
    const defects = report === undefined ? [] : defectsOf(report);
    const all = defects.map((defect) => `${defect.severity} ${describeDefect(defect)}`).join('\n');
    const planted = defects.filter(
      (one) =>
        one.code === expected.code &&
        one.severity === expected.severity &&
        (expected.check === undefined || one.check === expected.check) &&
        (expected.run === undefined || one.run === expected.run) &&
        one.message.includes(expected.says),
    );
    expect(planted.length, all).toBeGreaterThan(0);
    const allowed: readonly string[] = [expected.code, ...expected.also];
    const others = defects.filter((one) => one.severity === 'error' && !allowed.includes(one.code));
    expect(others, all).toEqual([]);
    expect(report?.outcome).toBe(expected.severity === 'error' ? 'refused' : 'proved');
  });
});

describe('the bad templates', () => {
  it('are there for every code', () => {
    const planted = new Set(folders.map((name) => expectedOf(name).code));
    expect(Object.keys(defectCodes).filter((one) => !planted.has(one as DefectCode))).toEqual([]);
  });

  it.each(folders)('differs from the good one by little: %s', (name) => {
    const changed = ['lab.yaml', 'schema.sql', 'README.md'].flatMap((file) => {
      const good = read('base', file).split('\n');
      return read(name, file)
        .split('\n')
        .filter((line) => !good.includes(line) && line.trim() !== '' && line !== `id: ${name}`);
    });
    expect(changed.length).toBeLessThanOrEqual(14);
  });
});
