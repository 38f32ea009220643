import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scope, Value } from '../../../src/grading/types.ts';
import { createFiller, FillError, fillMessage, references } from '../../../src/grading/values/fill.ts';
import type { Json } from '../../../src/templates/types.ts';
import { arbitraryText, arbitraryValue } from './arbitrary-value.ts';

const scope: Scope = {
  params: { email: 'a/b?c=d&e@example.org', rate: 49.5, whole: 60, flag: true, dots: '..', 'with-dash': 1 },
  saved: { customer: '42', list: [1, 'two', { three: 3 }], at: new Date('2025-01-02T03:04:05Z') },
  row: { rows: [{ status: 'active', note: null, evil: '{{params.email}}', lines: 'a\r\nb' }] },
  checks: { 'backup-runs': { passed: true } },
};
const fill = createFiller(scope, { missing: 'throw' });

describe('filling a value', () => {
  it.each<[Json, Value]>([
    ['{{params.rate}}', 49.5],
    ['{{ params.flag }}', true],
    ['{{saved.list}}', [1, 'two', { three: 3 }]],
    ['{{saved.at}}', new Date('2025-01-02T03:04:05Z')],
    ['{{row.rows[0].note}}', null],
    ['{{saved.list[2].three}}', 3],
    ["{{checks['backup-runs'].passed}}", true],
    ['{{checks["backup-runs"].passed}}', true],
    ['{{params.with-dash}}', 1],
    ['rate {{params.rate}}', 'rate 49.5'],
    ['{{params.whole}}{{params.whole}}', '6060'],
    ['{{saved.at}}!', '2025-01-02T03:04:05.000Z!'],
    ['{{saved.list}}!', '[1,"two",{"three":3}]!'],
    ['plain', 'plain'],
    [7, 7],
    [
      { a: ['{{saved.customer}}', { b: '{{params.rate}}' }], '{{x}}': null },
      { a: ['42', { b: 49.5 }], '{{x}}': null },
    ],
  ])('makes %j %j', (raw, expected) => {
    expect(fill.value(raw)).toStrictEqual(expected);
  });

  it('does not look again at what was filled in', () => {
    expect(fill.value('{{row.rows[0].evil}}')).toBe('{{params.email}}');
    expect(fill.text('x{{row.rows[0].evil}}')).toBe('x{{params.email}}');
  });

  it.each([
    '{{params.nope}}',
    '{{nobody.x}}',
    '{{saved.list[9]}}',
    '{{saved.list.length}}',
    '{{saved.list.size()}}',
    '{{params.constructor}}',
    '{{params.__proto__.x}}',
    '{{toString}}',
    '{{params.rate + 1}}',
    '{{}}',
    '{{saved.customer.length}}',
  ])('refuses %s, naming it', (raw) => {
    const path = raw.slice(2, -2);
    expect(() => fill.value(raw)).toThrow(FillError);
    expect(() => fill.text(`x${raw}`)).toThrow(`{{${path}}}`);
  });

  it('never evaluates: whatever a trainee stores comes out as it is', () => {
    fc.assert(
      fc.property(arbitraryText, arbitraryText, (a, b) => {
        const filler = createFiller({ saved: { a, b } }, { missing: 'throw' });
        expect(filler.text('<{{saved.a}}|{{saved.b}}>')).toBe(`<${a}|${b}>`);
        expect(filler.value({ k: ['{{saved.a}}'] })).toStrictEqual({ k: [a] });
      }),
    );
  });

  it('throws nothing but FillError, whatever the template and the data are', () => {
    const anyTemplate = fc.oneof(
      arbitraryText,
      fc.string().map((path) => `{{${path}}}`),
    );
    fc.assert(
      fc.property(anyTemplate, arbitraryValue, (template, value) => {
        const filler = createFiller({ saved: value }, { missing: 'throw' });
        for (const way of [filler.value, filler.text, filler.urlPath, filler.header]) {
          try {
            way(template);
          } catch (error) {
            expect(error).toBeInstanceOf(FillError);
          }
        }
      }),
    );
  });
});

describe('filling encodes for its place', () => {
  it('percent-encodes what it fills into a URL, and only that', () => {
    expect(fill.urlPath('/api/v1/customers?x=1&email={{params.email}}')).toBe(
      '/api/v1/customers?x=1&email=a%2Fb%3Fc%3Dd%26e%40example.org',
    );
  });

  it('cannot be led out of a URL path', () => {
    expect(() => fill.urlPath('/files/{{params.dots}}/x')).toThrow(FillError);
    expect(fill.urlPath('/files?name={{params.dots}}')).toBe('/files?name=..');
    fc.assert(
      fc.property(fc.string(), (text) => {
        const filler = createFiller({ saved: { text } }, { missing: 'throw' });
        let path: string;
        try {
          path = filler.urlPath('/a/{{saved.text}}/b');
        } catch {
          return;
        }
        const url = new URL(path, 'http://host');
        expect(url.pathname.split('/')).toHaveLength(4);
        expect(decodeURIComponent(url.pathname.split('/')[2] ?? '')).toBe(text);
      }),
    );
  });

  it('refuses line breaks in headers', () => {
    expect(() => fill.header('X: {{row.rows[0].lines}}')).toThrow(FillError);
    expect(fill.header('Bearer {{saved.customer}}')).toBe('Bearer 42');
  });
});

describe('messages', () => {
  it.each([
    ['The customer is {{row.rows[0].status}}, not active.', 'The customer is active, not active.'],
    ['The customer is {{row.rows[1].status}}, not active.', 'The customer is –, not active.'],
    ['{{params.rate}} and {{params.whole}} at {{saved.at}}', '49.5 and 60 at 2025-01-02T03:04:05.000Z'],
    ['{{row.rows[0].note}}', 'null'],
  ])('%s', (template, expected) => {
    expect(fillMessage(template, scope)).toBe(expected);
  });

  it('never throws and never shows a secret', () => {
    fc.assert(
      fc.property(arbitraryText, arbitraryValue, (text, value) => {
        const shown = fillMessage(
          `${text} {{saved.value}} {{saved.token}}`,
          { saved: { value, token: 's3cr3t' } },
          ['s3cr3t'],
        );
        expect(shown).not.toContain('s3cr3t');
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });

  it('is short, and the cut does not leave half a secret', () => {
    const shown = fillMessage('{{x}}s3cr3t', { x: 'x'.repeat(997) }, ['s3cr3t']);
    expect(shown).toBe(`${'x'.repeat(997)}•••`);
    expect(fillMessage('{{x}}', { x: 'x'.repeat(50_000) })).toHaveLength(1_001);
  });

  it('sends no control characters to a terminal', () => {
    expect(fillMessage('{{x}}', { x: '\u001b[31mred\u0007\n' })).toBe('\ufffd[31mred\ufffd\n');
  });
});

describe('references', () => {
  it('finds every path of a spec', () => {
    const spec = { a: '{{params.email}} {{ saved.x[0] }}', b: [{ c: '{{row.rows.size()}}' }], d: 1 };
    expect(references(spec)).toEqual([
      { path: 'params.email', root: 'params', segments: ['params', 'email'] },
      { path: 'saved.x[0]', root: 'saved', segments: ['saved', 'x', 0] },
      { path: 'row.rows.size()', root: '', segments: null },
    ]);
  });
});
