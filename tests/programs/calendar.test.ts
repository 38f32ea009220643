import { describe, expect, it } from 'vitest';
import { dayOf, isDay, minus, plus, type Span } from '../../src/programs/calendar.ts';

const day = (text: string) => new Date(`${text}T10:00:00Z`);

describe('a span of the calendar', () => {
  it.each<[string, number, Span['unit'], string]>([
    ['2026-01-31', 1, 'month', '2026-02-28'],
    ['2028-01-31', 1, 'month', '2028-02-29'],
    ['2028-02-29', 1, 'year', '2029-02-28'],
    ['2026-10-31', 4, 'month', '2027-02-28'],
    ['2026-12-15', 3, 'month', '2027-03-15'],
    ['2026-12-30', 5, 'day', '2027-01-04'],
    ['2026-12-30', 2, 'week', '2027-01-13'],
  ])('after %s of %d %s ends on %s', (from, count, unit, to) => {
    expect(plus(day(from), { count, unit })).toEqual(day(to));
  });

  it('goes back as well', () => {
    expect(dayOf(minus(day('2026-05-31'), { count: 3, unit: 'month' }))).toBe('2026-02-28');
  });
});

it('knows the days that there are', () => {
  expect(['2026-02-28', '2028-02-29'].every(isDay)).toBe(true);
  for (const text of ['2026-02-29', '2026-13-01', '2026-1-1', '2026-01-01T00:00', '', 'today'])
    expect(isDay(text)).toBe(false);
});
