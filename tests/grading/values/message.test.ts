import { describe, expect, it } from 'vitest';
import { redact, secretsOf } from '../../../src/grading/values/message.ts';

describe('redact', () => {
  it('hides every secret, a longer one before one inside it', () => {
    expect(redact('abc abcdef abc', ['abc', 'abcdef'])).toBe('••• ••• •••');
  });

  it('ignores an empty secret', () => {
    expect(redact('abc', [''])).toBe('abc');
  });
});

describe('secretsOf', () => {
  it('takes drawn secrets and what is declared redact, and nothing else', () => {
    const secrets = secretsOf(
      {
        email: { draw: 'email', redact: false },
        hook: { draw: 'secret', length: 24, redact: false },
        pin: { draw: 'int', from: 1, to: 9999, redact: true },
        row: { draw: 'row', component: 'db', query: 'select', column: null, redact: true },
      },
      { email: 'a@example.org', hook: 'h00k', pin: 1234, row: { id: 'x1', active: true } },
    );
    expect(secrets).toEqual(['h00k', '1234', 'x1']);
  });
});
