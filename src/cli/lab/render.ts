/** Labs, access and checks as people read them in a terminal. */
import { formatWithOptions } from 'node:util';
import type { CheckView } from '../../grading/attempt-view.ts';
import type { LabWire } from '../../http/lab-wire.ts';
import { plain } from '../plain.ts';
import { table } from '../table.ts';
import type { Colours, Terminal } from '../terminal.ts';
import type { Access } from './wire.ts';

type Paper = Pick<Terminal, 'colour' | 'width'>;

function statusColour(colour: Colours, status: string): string {
  const paint =
    { ready: colour.green, running: colour.green, broken: colour.red, ended: colour.dim }[status] ??
    colour.yellow;
  return paint(status);
}

/** One lab with its components. */
export function renderLab(paper: Paper, lab: LabWire): string {
  const { colour } = paper;
  const head = [
    ['lab', colour.bold(lab.id)],
    ['template', `${lab.template}  ${colour.dim(lab.templateHash.slice(0, 12))}`],
    ...(lab.class === null ? [] : [['class', lab.class]]),
    ['trainee', lab.trainee],
    ['status', `${statusColour(colour, lab.status)}${lab.message === lab.status ? '' : `  ${lab.message}`}`],
    ['backend', lab.backend],
    lab.endedAt === null
      ? ['expires', `in ${duration(lab.secondsLeft)} (${lab.expiresAt}; at the latest ${lab.maxExpiresAt})`]
      : ['ended', lab.endedAt],
    ...lab.components.map((one) => [
      one.name,
      `${statusColour(colour, one.status)}${one.detail === null ? '' : `  ${one.detail}`}`,
    ]),
  ];
  return pairs(paper, head);
}

export function renderLabs(paper: Paper, labs: readonly LabWire[]): string {
  if (labs.length === 0) return 'No labs.';
  const rows = labs.map((lab) => [
    lab.id,
    lab.template,
    lab.trainee,
    statusColour(paper.colour, lab.status),
    lab.endedAt === null ? duration(lab.secondsLeft) : (lab.endReason ?? ''),
    lab.message === lab.status ? '' : lab.message,
  ]);
  const columns = [
    { title: 'Lab' },
    { title: 'Template', wraps: true },
    { title: 'Trainee', wraps: true },
    { title: 'Status' },
    { title: 'Left' },
    { title: '', wraps: true },
  ];
  return table(paper, columns, rows);
}

/** How to reach each component; whole values, for copying. */
export function renderAccess(paper: Paper, access: Pick<Access, 'components'>): string {
  return Object.entries(access.components)
    .map(([name, { kind, facts }]) => {
      const lines = Object.entries(facts).map(([key, value]) => [
        `  ${key}`,
        typeof value === 'string' ? value : formatWithOptions({ colors: false }, value),
      ]);
      return `${paper.colour.bold(name)} ${paper.colour.dim(kind)}\n${pairs(paper, lines)}`;
    })
    .join('\n');
}

/** Checks with points and reasons, and the sum. */
export function renderChecks(
  paper: Paper,
  checks: readonly Pick<CheckView, 'verdict' | 'title' | 'points' | 'maxPoints' | 'message'>[],
  sum: { readonly points: number | null; readonly maxPoints: number; readonly penalty: number },
): string {
  const { colour } = paper;
  const mark = {
    pass: colour.green('✓ pass'),
    fail: colour.red('✗ fail'),
    error: colour.magenta('! error'),
    blocked: colour.yellow('· blocked'),
  };
  const rows = checks.map((check) => [
    check.verdict === null ? colour.dim('? hidden') : mark[check.verdict],
    check.title,
    check.points === null ? `–/${check.maxPoints}` : `${round(check.points)}/${check.maxPoints}`,
    plain(check.message ?? ''),
  ]);
  const columns = [
    { title: 'Check' },
    { title: 'What', wraps: true },
    { title: 'Points', align: 'right' as const },
    { title: 'Why', wraps: true },
  ];
  const all = sum.points !== null && sum.points >= sum.maxPoints;
  const points = `${sum.points === null ? '–' : round(sum.points)} of ${sum.maxPoints} points`;
  const penalty = sum.penalty > 0 ? ` (${sum.penalty} taken off for hints and skips)` : '';
  return `${table(paper, columns, rows)}\n\n${(all ? colour.green : colour.bold)(points)}${penalty}`;
}

/** `key  value` lines, keys dim and as wide as the widest. */
export function pairs(paper: Paper, lines: readonly (readonly string[])[]): string {
  const width = Math.max(0, ...lines.map(([key = '']) => key.length));
  return lines.map(([key = '', value = '']) => `${paper.colour.dim(key.padEnd(width))}  ${value}`).join('\n');
}

/** `2 h 5 min`, `4 min`, `30 s`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function round(points: number): string {
  return String(Math.round(points * 100) / 100);
}
