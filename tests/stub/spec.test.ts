import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStubFile } from '../../src/stub/spec.ts';

const route = '{ method: GET, path: /a, answer: { json: 1 } }';

function problemsOf(text: string): readonly string[] {
  const parsed = parseStubFile(text);
  if ('spec' in parsed) return [];
  return parsed.problems.map(({ message, line }) => `${line ?? '?'}: ${message}`);
}

describe('a stub file', () => {
  it('can be read before it is filled', () => {
    const text = readFileSync(join(import.meta.dirname, 'fixtures/partner.yaml'), 'utf8');
    expect(problemsOf(text)).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ['that is no YAML', 'routes: [', /^1: /],
    ['with a word that is unknown', `routes:\n  - { method: GET, pth: /a, answer: {} }`, /^2: .*pth/m],
    [
      'with a token that nobody gives',
      `routes:\n  - { method: GET, path: /a, auth: bearer, answer: {} }`,
      /auth: bearer needs oauth/,
    ],
    ['with a route twice', `routes:\n  - ${route}\n  - ${route}`, /^3: .*GET \/a is there twice/],
    [
      'with a path of the stub itself',
      'routes: [{ method: GET, path: /_stub/mood, answer: {} }]',
      /belongs to the stub/,
    ],
    [
      'with a mood for a route that is not there',
      `routes: [${route}]\nmoods: { m: { disturb: [{ on: [GET /b], chance: 1, status: 503 }] } }`,
      /no route GET \/b/,
    ],
    [
      'with a calm that is none',
      `routes: [${route}]\nmoods: { calm: { disturb: [{ chance: 1, status: 503 }] } }`,
      /calm has no/,
    ],
    [
      'with a disturbance that is two',
      `moods: { m: { disturb: [{ chance: 1, status: 503, reset: true }] } }`,
      /expected one of status/,
    ],
    ['with a disturbance by nothing', `moods: { m: { disturb: [{ status: 503 }] } }`, /chance or at/],
    [
      'with braces that nobody can fill',
      'routes: [{ method: GET, path: /a, answer: { json: { x: "{{wherever}}" } } }]',
      /\{\{wherever\}\} is nothing/,
    ],
    ['that is a bomb', bomb(), /alias/i],
  ])('is refused %s', (_, text, message) => {
    expect(problemsOf(text).join('\n')).toMatch(message);
  });
});

function bomb(): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let n = 1; n < 12; n += 1) lines.push(`a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`);
  return lines.join('\n');
}
