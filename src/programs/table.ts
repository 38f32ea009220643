/** A program's trainees as a table: one row each, the same columns for all. Pure. */
import { dayOf } from './calendar.ts';
import { rounded } from './percent.ts';
import type { TraineeProgress } from './progress.ts';
import type { Program } from './types.ts';

export type Cell = string | number | null;

/** What stands in a column, of each trainee. Columns depend on the program alone, in its own order. */
export interface Column {
  readonly name: string;
  cell(progress: TraineeProgress): Cell;
}

export function columnsOf(program: Program): readonly Column[] {
  const { certificate } = program;
  return [
    { name: 'trainee', cell: (one) => one.trainee },
    { name: 'attended_hours', cell: (one) => one.attendance.hours },
    ...(program.levels.length === 0
      ? []
      : [
          {
            name: 'level',
            cell: (one: TraineeProgress) => one.levels.findLast(({ reached }) => reached)?.id ?? '',
          },
        ]),
    ...program.sessions.flatMap(({ id, assessments }, at): Column[] => {
      const session = (one: TraineeProgress) => one.sessions[at];
      return [
        { name: `session_${id}_attended_hours`, cell: (one) => session(one)?.attendance.hours ?? null },
        ...assessments.map((assessment, index) => ({
          name: `session_${id}_${assessment.id}`,
          cell: (one: TraineeProgress) => percent(session(one)?.assessments[index]?.percent),
        })),
        { name: `session_${id}_percent`, cell: (one) => percent(session(one)?.percent) },
        { name: `session_${id}_passed`, cell: (one) => yes(session(one)?.passed) },
      ];
    }),
    ...program.competencies.map(({ id }, at) => ({
      name: `competency_${id}`,
      cell: (one: TraineeProgress) => percent(one.competencies[at]?.percent),
    })),
    ...(certificate === null
      ? []
      : [
          ...certificate.components.map(({ id }, at) => ({
            name: `certificate_${id}`,
            cell: (one: TraineeProgress) => percent(one.certificate?.components[at]?.percent),
          })),
          { name: 'certificate_percent', cell: (one: TraineeProgress) => percent(one.certificate?.percent) },
          ...certificate.requires.map(({ gate }, at) => ({
            name: `gate_${at + 1}_${gate}`,
            cell: (one: TraineeProgress) => yes(one.certificate?.gates[at]?.met),
          })),
          ...ends,
        ]),
  ];
}

const ends: readonly Column[] = [
  { name: 'certificate_state', cell: (one) => one.certificate?.validity.state ?? null },
  { name: 'earned_on', cell: (one) => day(one, 'earnedAt') },
  { name: 'renewed_on', cell: (one) => day(one, 'renewedAt') },
  { name: 'valid_until', cell: (one) => day(one, 'until') },
];

function day({ certificate }: TraineeProgress, which: 'earnedAt' | 'renewedAt' | 'until'): Cell {
  const validity = certificate?.validity;
  if (validity === undefined || validity.state === 'not yet') return null;
  const time = validity[which];
  return time === null ? null : dayOf(time);
}

const percent = (one: number | null | undefined): Cell => (one == null ? null : rounded(one));
const yes = (one: boolean | undefined): Cell => (one === true ? 'yes' : 'no');
