import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../src/observers/csv.ts';
import { LookFailure } from '../../src/observers/look.ts';

describe('csv', () => {
  it('reads rows by the names of the first line', () => {
    expect(parseCsv('id,name\r\n1,"a, ""b""\nc"\n2,\n\n', 'a.csv')).toEqual([
      { id: '1', name: 'a, "b"\nc' },
      { id: '2', name: '' },
    ]);
    expect(parseCsv('', 'a.csv')).toEqual([]);
    expect(parseCsv('id,name', 'a.csv')).toEqual([]);
  });

  it('gives back what was written, whatever it was', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 5 });
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        names,
        fc.array(fc.array(fc.string(), { minLength: 5, maxLength: 5 })),
        (columns, values) => {
          const rows = values.map((row) =>
            Object.fromEntries(columns.map((name, at) => [name, row[at] ?? ''])),
          );
          const lines = [columns, ...values.map((row) => row.slice(0, columns.length))];
          const text = lines.map((line) => line.map(quoted).join(',')).join('\n');
          expect(parseCsv(text, 'a.csv')).toEqual(rows);
        },
      ),
    );
  });

  it.each(['a,b\n1', 'a,b\n1,2,3', 'a\n"1', 'a\n"1"x'])('refuses %j', (text) => {
    expect(() => parseCsv(text, 'a.csv')).toThrow(LookFailure);
  });

  it('refuses more values than it can hold, soon', () => {
    const start = performance.now();
    expect(() => parseCsv(`a,b\n${'1,2\n'.repeat(200_000)}`, 'a.csv')).toThrow('more than 100000');
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
