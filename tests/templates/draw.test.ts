import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawParameters } from '../../src/templates/draw.ts';
import { patternProblem } from '../../src/templates/pattern.ts';
import { randomSource } from '../../src/templates/random.ts';
import type { ParameterSpec } from '../../src/templates/types.ts';

const redact = false;
const specs: Readonly<Record<string, ParameterSpec>> = {
  fixed: { draw: 'fixed', value: 60, redact },
  email: { draw: 'email', redact },
  word: { draw: 'choice', of: ['fibre', 'cable', 'wireless'], redact },
  count: { draw: 'int', from: 3, to: 9, redact },
  rate: { draw: 'decimal', from: 0.1, to: 0.9, step: 0.1, redact },
  code: { draw: 'pattern', pattern: 'INC-[0-9]{5}', redact },
  key: { draw: 'secret', length: 24, redact: true },
  tenant: { draw: 'row', component: 'database', query: 'select id, name from tenants', column: 'id', redact },
};
const survey = {
  tenant: [
    { id: 't1', name: 'One' },
    { id: 't2', name: 'Two' },
  ],
};
const drawMany = (spec: ParameterSpec, times: number) =>
  Array.from({ length: times }, (_, seed) => drawParameters({ it: spec }, String(seed), {}).it);

describe('drawing parameters', () => {
  it('gives the same values for the same seed', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        expect(drawParameters(specs, seed, survey)).toEqual(drawParameters(specs, seed, survey));
      }),
    );
  });

  it('gives a parameter the same value whatever others there are', () => {
    const names = Object.keys(specs);
    fc.assert(
      fc.property(fc.string(), fc.subarray(names, { minLength: 1 }), (seed, some) => {
        const all = drawParameters(specs, seed, survey);
        const part = Object.fromEntries(
          some.toReversed().flatMap((name) => (specs[name] ? [[name, specs[name]]] : [])),
        );
        for (const [name, value] of Object.entries(drawParameters(part, seed, survey)))
          expect(value).toEqual(all[name]);
      }),
    );
  });

  it('gives other seeds other values', () => {
    const keys = new Set(drawMany({ draw: 'secret', length: 24, redact: true }, 500));
    expect(keys.size).toBe(500);
    const addresses = new Set(drawMany({ draw: 'email', redact }, 500));
    expect(addresses.size).toBe(500);
  });

  it('keeps seed and name apart', () => {
    const first = randomSource('a:b', 'c').int(0, 2 ** 40);
    expect(randomSource('a', 'b:c').int(0, 2 ** 40)).not.toBe(first);
    expect(randomSource('a:', 'bc').int(0, 2 ** 40)).not.toBe(first);
  });

  it('stays between the bounds, both included', () => {
    const seen = new Set(drawMany({ draw: 'int', from: 3, to: 9, redact }, 500));
    expect([...seen].map(Number).sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  it('counts decimals in whole steps, without noise', () => {
    const seen = new Set(drawMany({ draw: 'decimal', from: 0.1, to: 0.9, step: 0.1, redact }, 500));
    expect([...seen].map(Number).sort((a, b) => a - b)).toEqual([
      0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
    ]);
    const rates = new Set(drawMany({ draw: 'decimal', from: 49.99, to: 129.99, step: 5, redact }, 500));
    expect(rates.size).toBe(17);
    expect(rates).toContain(129.99);
    for (const rate of rates) expect(String(rate)).toMatch(/^\d+\.99$/);
  });

  it('never leaves the bounds of a decimal, whatever they are', () => {
    const cents = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(cents, cents, fc.integer({ min: 1, max: 5_000 }), fc.string(), (a, b, step, seed) => {
        const [from, to] = [Math.min(a, b) / 100, Math.max(a, b) / 100];
        const drawn = Number(
          drawParameters({ it: { draw: 'decimal', from, to, step: step / 100, redact } }, seed, {}).it,
        );
        expect(drawn).toBeGreaterThanOrEqual(from);
        expect(drawn).toBeLessThanOrEqual(to);
        expect(Math.round(drawn * 100) / 100).toBe(drawn);
      }),
    );
  });

  it('draws e-mail addresses that are nobody’s', () => {
    for (const address of drawMany({ draw: 'email', redact }, 50)) {
      expect(address).toMatch(/^[a-z]+\.[a-z]+\.[a-z0-9]{4}@example\.(com|net|org)$/);
    }
  });

  it('draws what a pattern matches', () => {
    for (const code of drawMany({ draw: 'pattern', pattern: '(INC|CHG)-[0-9A-F]{5}[a-c]?', redact }, 100)) {
      expect(code).toMatch(/^(INC|CHG)-[0-9A-F]{5}[a-c]?$/);
    }
  });

  it('draws a whole row, or one column of it', () => {
    const tenant: ParameterSpec = {
      draw: 'row',
      component: 'database',
      query: 'select 1',
      column: null,
      redact,
    };
    const { it: row } = drawParameters({ it: tenant }, 's', { it: survey.tenant });
    expect(survey.tenant).toContainEqual(row);
    const { it: id } = drawParameters({ it: { ...tenant, column: 'id' } }, 's', { it: survey.tenant });
    expect(id).toBe((row as { id: string }).id);
  });

  it('says which parameter found no rows, or not its column', () => {
    const thrown = (rows: readonly { id: string }[], column: string) => {
      const tenant: ParameterSpec = { draw: 'row', component: 'database', query: 'select 1', column, redact };
      return () => drawParameters({ tenant }, 's', { tenant: rows });
    };
    expect(thrown([], 'id')).toThrow(
      expect.objectContaining({ code: 'template_invalid', message: expect.stringContaining('"tenant"') }),
    );
    expect(thrown([{ id: '1' }], 'name')).toThrow(/takes the column "name", .* it gives: id\./);
  });
});

describe('patterns that nothing can be drawn from', () => {
  it.each([
    ['a+', /without bound/],
    ['a*', /without bound/],
    ['a{2,}', /without bound/],
    ['[a-z', /no pattern/],
    ['a(?=b)', /no pattern/],
    ['(a)\\1', /no pattern/],
    ['a{900}b{900}', /over 1000 characters/],
    ['a^b', /cannot be drawn/],
  ])('%s', (pattern, problem) => expect(patternProblem(pattern)).toMatch(problem));

  it.each(['a\\+', '[*+]{3}', 'INC-[0-9]{5}', '\\{a,\\}', '(a|b){1,3}', '[]*]x'])(
    '%s is none of them',
    (pattern) => {
      expect(patternProblem(pattern)).toBeNull();
    },
  );
});
