import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCompiler } from '../../../src/grading/expression/compile.ts';
import { prepareScope } from '../../../src/grading/expression/prepared-scope.ts';
import type { Value } from '../../../src/grading/types.ts';
import { throughEvidence } from '../../../src/grading/values/evidence.ts';
import { arbitraryText, arbitraryValue } from '../values/arbitrary-value.ts';
import { compiled, dynRoots, evaluate } from './run.ts';

function holdsNaN(value: Value): boolean {
  if (typeof value === 'number' || value instanceof Date) return Number.isNaN(Number(value));
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNaN);
}

const sources = [
  'seen == other',
  'seen in other',
  'seen.a.b[0].c == 1',
  'seen.all(x, x.exists(y, y == x))',
  'seen.map(x, x.n).sum() > 3',
  'sort(seen) == distinct(other)',
  'gaps(seen).size() > p95(other)',
  'seen.size() > other.size()',
  'seen < other || seen + other == seen - other',
  'has(seen.constructor) && seen.constructor == other',
  'seen.?a[?0].orValue(1) == 1',
  'timestamp(seen) - timestamp(other) > duration("1s")',
  'seen ? other : !seen',
  'like(seen, "a") && seen.contains(other)',
  'string(seen) == string(other) && int(seen) > double(other)',
  'seen.getHours() == 1 && seen.split(other).join("") == seen',
];

describe('hostile data', () => {
  it.each(sources)('cannot make %s throw', (source) => {
    const expression = compiled(source, dynRoots('seen', 'other'));
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, (seen, other) => {
        const outcome = expression.evaluate(prepareScope({ seen, other }));
        expect(['value', 'threw']).toContain(outcome.kind);
      }),
    );
  });

  it('equals its copy, whatever it is, unless it holds what is not a number or not a moment', () => {
    fc.assert(
      fc.property(arbitraryValue, (seen) => {
        fc.pre(!holdsNaN(seen));
        const other = throughEvidence(seen);
        expect(evaluate('seen == other && seen in [other]', { seen, other })).toEqual({
          kind: 'value',
          value: true,
        });
      }),
    );
  });

  it('matches (a+)+$ in linear time', () => {
    const begun = performance.now();
    const seen = `${'a'.repeat(50_000)}!`;
    expect(evaluate('like(seen, "(a+)+$")', { seen })).toEqual({ kind: 'value', value: false });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('takes a hundred thousand rows', () => {
    const rows = Array.from({ length: 100_000 }, (_, id) => ({ id }));
    expect(evaluate('rows.all(r, r.id >= 0) && rows.map(r, r.id).max() == 99999', { rows })).toEqual({
      kind: 'value',
      value: true,
    });
  });
});

describe('hostile expressions', () => {
  it('are refused or compiled, never thrown', () => {
    const words = [
      'a',
      '.',
      '(',
      ')',
      '[',
      ']',
      '1',
      '"x"',
      '==',
      '&&',
      'all',
      'has',
      ',',
      '?',
      ':',
      '{',
      '}',
      '-',
      '!',
      'in',
      'size',
      'x',
    ];
    const any = fc.oneof(
      arbitraryText,
      fc.array(fc.constantFrom(...words)).map((parts) => parts.join(' ')),
    );
    const compiler = createCompiler();
    fc.assert(
      fc.property(any, (source) => {
        const result = compiler.compile(source, dynRoots('a', 'x'));
        if (result.ok)
          expect(result.expression.evaluate(prepareScope({ a: [1], x: 1 }))).toHaveProperty('kind');
        else expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('where CEL and the product agree', () => {
  it('gives what the library gives by itself', () => {
    const library = new Environment({ unlistedVariablesAreDyn: true });
    const operand = fc.constantFrom('a', 'b', '1.0', '2.5', '"x"', '[1.0]', 'true', 'null', '"xyz"');
    const operator = fc.constantFrom('==', '!=', '<', '>=', '+', '-', '*', '&&', '||', 'in');
    const compiler = createCompiler();
    fc.assert(
      fc.property(operand, operator, operand, fc.integer(), fc.boolean(), (left, op, right, a, b) => {
        const source = `(${left} ${op} ${right}) == (${left} ${op} ${right})`;
        const ours = compiler.compile(source, dynRoots('a', 'b'));
        fc.pre(ours.ok);
        if (!ours.ok) return;
        const outcome = ours.expression.evaluate(prepareScope({ a, b }));
        let theirs: unknown;
        try {
          const dynamic = `dyn(${left}) ${op} dyn(${right})`;
          theirs = library.evaluate(`(${dynamic}) == (${dynamic})`, { a, b });
        } catch {
          theirs = 'threw';
        }
        if (outcome.kind === 'value') expect(outcome.value).toBe(theirs);
        else expect(theirs).toBe('threw');
      }),
    );
  });
});
