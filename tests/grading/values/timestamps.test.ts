import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamptz } from '../../../src/grading/values/timestamps.ts';

describe('parseTimestamptz', () => {
  it.each([
    ['2025-01-02 03:04:05+00', '2025-01-02T03:04:05.000Z'],
    ['2025-01-02 03:04:05.678901+00', '2025-01-02T03:04:05.678Z'],
    ['2025-01-02T03:04:05.5Z', '2025-01-02T03:04:05.500Z'],
    ['2025-01-02 03:04:05+05:30', '2025-01-01T21:34:05.000Z'],
    ['2025-01-02 03:04:05-0330', '2025-01-02T06:34:05.000Z'],
    ['1890-01-01 00:00:00+00:53:28', '1889-12-31T23:06:32.000Z'],
    ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
    ['2024-02-29 12:00:00+00', '2024-02-29T12:00:00.000Z'],
  ])('reads %s', (text, moment) => {
    expect(parseTimestamptz(text)).toEqual(new Date(moment));
  });

  it.each([
    'infinity',
    '-infinity',
    '0044-03-15 12:00:00+00 BC',
    '10000-01-01 00:00:00+00',
    'now',
    '',
    '2025-02-30 00:00:00+00',
    '2025-01-02 03:04:05',
  ])('leaves %j as text', (text) => {
    expect(parseTimestamptz(text)).toBe(text);
  });

  it('reads every moment of the years 1 to 9999 that a Date prints', () => {
    const moments = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, (moment) => {
        expect(parseTimestamptz(moment.toISOString())).toEqual(moment);
      }),
    );
  });
});
