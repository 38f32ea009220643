/** The committed reference is what the product would print now, and says something about everything that there is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { createVocabulary } from '../../src/compose/language.ts';
import { projectRoot } from '../../src/config.ts';
import { renderReference } from '../../src/reference/render.ts';
import { loadTours } from '../../src/reference/tour.ts';

const folder = join(projectRoot, 'lab-templates', 'reference');
const vocabulary = createVocabulary();
let text: string;

beforeAll(async () => {
  text = renderReference({ ...vocabulary, ...(await loadTours(folder, vocabulary.language)) });
});

it('is up to date: `labwright template reference > lab-templates/reference/README.md`', () => {
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(text);
});

it('has a page with an example for every look and every step', () => {
  const kinds = [...vocabulary.observers.keys(), ...vocabulary.actions.keys()];
  for (const kind of kinds) expect(text).toContain(`\n### ${kind}\n`);
  expect(text.match(/\n```yaml\n/g)?.length).toBe(kinds.length + 8);
});

it('says what may be written and what comes of it', () => {
  const sql = text.slice(text.indexOf('## Looks'), text.indexOf('### schema'));
  expect(sql).toContain('| `query` | text | required |');
  expect(sql).toContain('| `views` | yes/no | `true` |');
  expect(sql).toContain('Gives { `rows`: a list of a map to any value');
});

it('refuses a language with a kind that the tour does not use', async () => {
  const { tours } = await loadTours(folder, vocabulary.language);
  const without = tours.map((tour) => ({ ...tour, text: tour.text.replace(/ {2}address:\n.*\n/, '') }));
  expect(() => renderReference({ ...vocabulary, tours: without })).toThrow('lacks');
});
