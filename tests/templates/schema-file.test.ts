import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createVocabulary } from '../../src/compose/language.ts';

it('keeps the schema that editors read beside the labs', () => {
  const file = new URL('../../lab-templates/lab-template.schema.json', import.meta.url);
  const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const { language } = createVocabulary();
  expect(kept, 'renew it: npx labwright template schema > lab-templates/lab-template.schema.json').toEqual(
    JSON.parse(JSON.stringify(language.jsonSchema())),
  );
});
