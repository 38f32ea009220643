import { expect, it } from 'vitest';
import { plain } from '../../src/cli/plain.ts';

it('spells out what could rewrite a terminal', () => {
  expect(plain('\u001b[2Jgone\u0007 \u009b31m')).toBe('\\x1b[2Jgone\\x07 \\x9b31m');
});

it('leaves text of any language, line breaks and tabs as they are', () => {
  const text = 'Grüße, 世界 👋\n\tend';
  expect(plain(text)).toBe(text);
});
