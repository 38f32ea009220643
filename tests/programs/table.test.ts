import { describe, expect, it } from 'vitest';
import { progressOf } from '../../src/programs/progress.ts';
import { columnsOf } from '../../src/programs/table.ts';
import { fact, handIn, now, record, thorbis } from './support.ts';

describe('the table of a program', () => {
  const program = thorbis();
  const columns = columnsOf(program);
  const row = (...given: Parameters<typeof record>) => {
    const progress = progressOf(program, record(...given), now);
    return Object.fromEntries(columns.map((column) => [column.name, column.cell(progress)]));
  };

  it('has a column for each assessment, session, area, component and gate, each named once', () => {
    const names = columns.map((column) => column.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => /^session_\d_(?!attended|percent|passed)/.test(name))).toHaveLength(24);
    expect(names.filter((name) => name.startsWith('competency_'))).toHaveLength(5);
    expect(names.filter((name) => name.startsWith('gate_'))).toEqual([
      'gate_1_attendance',
      'gate_2_eachAssessment',
      'gate_3_passed',
      'gate_4_demonstrated',
    ]);
  });

  it('leaves empty what is not there yet and rounds percentages down', () => {
    const cells = row([fact('mark', '1/discussion', { percent: 84.999 })], [handIn('th-4-3-pwa', 200 / 3)]);
    expect(cells).toMatchObject({
      trainee: 'ann',
      attended_hours: 0,
      level: '',
      session_1_discussion: 84.99,
      session_1_comprehension: null,
      session_4_pwa: 66.66,
      session_4_percent: 16.66,
      session_4_passed: 'no',
      session_2_percent: null,
      certificate_interview: null,
      gate_1_attendance: 'no',
      certificate_state: 'not yet',
      earned_on: null,
      valid_until: null,
    });
  });
});
