import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { templateOf } from '../support/graded-lab.ts';
import { hashOfSources, openProofRecords } from './proof-record.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-proofs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = (hash: string): TemplateVersion => ({ ...templateOf([]), hash });
const week = [0, 1, 2, 3, 4];
const dueOn = (hash: string) => week.filter((day) => openProofRecords(day, folder).isDue(version(hash)));

it('has every template proved that was never proved', () => {
  expect(dueOn('one')).toEqual(week);
});

it('has what was proved proved again on one day of five, and at once when it has changed', () => {
  openProofRecords(0, folder).keep(version('one'));
  expect(dueOn('one')).toHaveLength(1);
  expect(dueOn('two')).toEqual(week);
});

it('hashes names and contents of sources, and nothing else', () => {
  const hash = () => hashOfSources(folder, ['.']);
  writeFileSync(join(folder, 'a.ts'), '1');
  const before = hash();
  writeFileSync(join(folder, 'a.md'), 'told');
  expect(hash()).toBe(before);
  writeFileSync(join(folder, 'a.ts'), '2');
  expect(hash()).not.toBe(before);
});
