import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keptRuns } from '../../src/proving/kept-runs.ts';
import { elsewhereOf, parityFindings } from '../../src/proving/parity.ts';
import { hashOfSources, platformHash } from '../../src/proving/platform.ts';
import { openProofRecords } from '../../src/proving/records.ts';
import type { BackendName, TemplateVersion } from '../../src/templates/types.ts';
import { templateOf } from '../support/graded-lab.ts';
import { aRun } from './a-run.ts';
import { aProof, aRun as proofRun } from './example-proofs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-proofs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = (hash: string): TemplateVersion => ({ ...templateOf([]), hash });
const week = [0, 1, 2, 3, 4];
const records = (platform = 'p', day = 0) => openProofRecords(folder, (one) => `${platform} ${one}`, day);
const dueOn = (hash: string, backend: BackendName = 'process', platform = 'p') =>
  week.filter((day) => records(platform, day).isDue(version(hash), backend));
const proof = (backend: BackendName) =>
  aProof({ backend, runs: [proofRun('by-sql'), proofRun('by-sql without it', { kind: 'mutation' })] });

it('has every template proved that was never proved', () => {
  expect(dueOn('one')).toEqual(week);
});

it('has what was proved proved again on one day of five, and at once when it or the platform has changed', () => {
  records().keep(version('one'), proof('process'));
  expect(dueOn('one')).toHaveLength(1);
  expect(dueOn('two')).toEqual(week);
  expect(dueOn('one', 'process', 'another')).toEqual(week);
});

it('records each backend by itself', () => {
  records().keep(version('one'), proof('process'));
  expect(dueOn('one', 'docker')).toEqual(week);
  records().keep(version('one'), proof('docker'));
  expect(dueOn('one', 'docker')).toHaveLength(1);
  records('another').keep(version('one'), proof('docker'));
  expect([dueOn('one').length, dueOn('one', 'docker').length]).toEqual([1, 5]);
});

it('tells the verdicts that were recorded, which others must agree with, but for those of mutations', () => {
  const { backend, runs } = proof('process');
  expect(records().verdicts(version('one'), 'process')).toBeNull();
  records().keep(version('one'), { backend, runs });
  const found = records().verdicts(version('one'), 'process');
  if (found === null) throw new Error('nothing was recorded');
  const first = elsewhereOf({ backend, runs: runs.slice(0, 1), outcome: 'proved' });
  expect(found).toEqual(first);
  const [cells = []] = found.runs.values();
  expect(parityFindings('docker', aRun({ name: 'by-sql', cells }), first)).toEqual([]);
  expect(records('another').verdicts(version('one'), 'process')).toBeNull();
  expect(records().verdicts(version('two'), 'process')).toBeNull();
});

it('takes a record that nobody can read for none', () => {
  mkdirSync(join(folder, 'process'));
  writeFileSync(join(folder, 'process', version('one').template.id), 'one p\n');
  expect(dueOn('one')).toEqual(week);
});

it('keeps the proofs of one backend when another has changed', () => {
  const source = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const hashes = () => [platformHash(folder, 'process'), platformHash(folder, 'docker')];
  source('src/sandbox/part.ts', '1');
  const [process] = hashes();
  for (const path of ['src/sandbox/docker/engine.ts', 'src/gateway/main.ts', 'Dockerfile']) {
    const before = hashes()[1];
    source(path, '1');
    expect(hashes()[0], path).toBe(process);
    expect(hashes()[1], path).not.toBe(before);
  }
  source('src/sandbox/process/ports.ts', '1');
  expect(hashes()[0]).not.toBe(process);
  for (const path of ['src/sandbox/fill.ts', 'src/sandbox/postgres/seed.ts', 'src/grading/grade.ts']) {
    const before = hashes();
    source(path, '1');
    expect(hashes()[0], path).not.toBe(before[0]);
    expect(hashes()[1], path).not.toBe(before[1]);
  }
  const before = hashes();
  source('src/proving/matrix.ts', '1');
  expect(hashes()).toEqual(before);
});

it('hashes names and contents of sources, and nothing else', () => {
  const hash = (but: string[] = []) => hashOfSources(folder, ['.'], but);
  writeFileSync(join(folder, 'a.ts'), '1');
  const before = hash();
  writeFileSync(join(folder, 'a.md'), 'told');
  expect(hash()).toBe(before);
  writeFileSync(join(folder, 'b.ts'), 'told');
  expect(hash(['b.ts'])).toBe(before);
  expect(hash()).not.toBe(before);
  writeFileSync(join(folder, 'a.ts'), '2');
  expect(hash(['b.ts'])).not.toBe(before);
});

it('keeps the runs of an interrupted proof for the same key, until they are forgotten', () => {
  const kept = keptRuns(folder, ['template', 'platform']);
  const runs = [aRun({}, { a: 'pass' })];
  expect(kept.load('right')).toBeNull();
  kept.save('right', runs);
  expect(keptRuns(folder, ['template', 'platform']).load('right')).toEqual(runs);
  expect(keptRuns(folder, ['template', 'newer']).load('right')).toBeNull();
  expect(kept.load('wrong')).toBeNull();
  kept.clear();
  expect(kept.load('right')).toBeNull();
});
