import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keptRuns } from '../../src/proving/kept-runs.ts';
import { hashOfSources, openProofRecords } from '../../src/proving/records.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { templateOf } from '../support/graded-lab.ts';
import { aRun } from './a-run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-proofs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = (hash: string): TemplateVersion => ({ ...templateOf([]), hash });
const week = [0, 1, 2, 3, 4];
const dueOn = (hash: string, platform = 'p') =>
  week.filter((day) => openProofRecords(folder, platform, day).isDue(version(hash)));

it('has every template proved that was never proved', () => {
  expect(dueOn('one')).toEqual(week);
});

it('has what was proved proved again on one day of five, and at once when it or the platform has changed', () => {
  openProofRecords(folder, 'p', 0).keep(version('one'));
  expect(dueOn('one')).toHaveLength(1);
  expect(dueOn('two')).toEqual(week);
  expect(dueOn('one', 'another')).toEqual(week);
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
