import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LookFailure } from '../../src/observers/look.ts';
import { parsePrometheus } from '../../src/observers/prometheus.ts';

const one = (line: string) => parsePrometheus(line)[0];

describe('metrics', () => {
  it('reads names, labels, values, times and comments', () => {
    const text = [
      '# HELP requests_total All of them.',
      '# TYPE requests_total counter',
      'requests_total{method="GET",code="200",} 1027 1395066363000',
      'requests_total{ method = "POST" , code = "400" }    3',
      'up 1',
      '',
      'small 1.7e-05',
      'job:rate5m .5 # {trace_id="x"} 1',
    ].join('\n');
    expect(parsePrometheus(text)).toEqual([
      { name: 'requests_total', labels: { method: 'GET', code: '200' }, value: 1027 },
      { name: 'requests_total', labels: { method: 'POST', code: '400' }, value: 3 },
      { name: 'up', labels: {}, value: 1 },
      { name: 'small', labels: {}, value: 1.7e-5 },
      { name: 'job:rate5m', labels: {}, value: 0.5 },
    ]);
  });

  it('reads what is no finite number', () => {
    expect(one('a NaN')?.value).toBeNaN();
    expect(one('a +Inf')?.value).toBe(Number.POSITIVE_INFINITY);
    expect(one('a{le="+Inf"} -Inf')).toEqual({
      name: 'a',
      labels: { le: '+Inf' },
      value: Number.NEGATIVE_INFINITY,
    });
  });

  it('reads escapes, whatever a label holds', () => {
    expect(one(String.raw`a{path="C:\\dir\"x\"\n}"} 1`)?.labels).toEqual({ path: 'C:\\dir"x"\n}' });
    const label = fc.string().filter((text) => !/[\r]/.test(text));
    fc.assert(
      fc.property(
        label,
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
        (text, value) => {
          const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
          expect(one(`a{__proto__="${escaped}"} ${value}`)).toEqual({
            name: 'a',
            labels: Object.fromEntries([['__proto__', text]]),
            value,
          });
        },
      ),
    );
  });

  it.each(['a', 'a{', 'a{b="c} 1', 'a{b=c} 1', '1a 1', 'a 1 2 3', 'a one', 'a{b="c"}1x', 'a{b="c"'])(
    'names the line of %s, which is none',
    (line) => {
      expect(() => parsePrometheus(`up 1\n${line}`)).toThrow(LookFailure);
      expect(() => parsePrometheus(`up 1\n${line}`)).toThrow('Line 2 of the metrics is not valid.');
    },
  );

  it('ends soon for lines made to be slow, and refuses too many', () => {
    const start = performance.now();
    for (const line of [
      `a{${'b="\\'.repeat(100_000)}`,
      `a{${' '.repeat(500_000)}`,
      `a{b="${'\\\\'.repeat(400_000)}`,
      `a${' '.repeat(500_000)}x`,
      `a 1${' '.repeat(500_000)}x`,
    ])
      expect(() => parsePrometheus(line)).toThrow(LookFailure);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(() => parsePrometheus('a 1\n'.repeat(5_001))).toThrow('more than 5000');
  });
});
