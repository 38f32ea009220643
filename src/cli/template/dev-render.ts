/** What came of a check, as its author reads it. */
import { inspect } from 'node:util';
import type { CheckReport, ExpectationReport, LookReport } from '../../authoring/check-report.ts';
import type { Tried } from '../../authoring/workbench.ts';
import type { Value } from '../../grading/types.ts';
import { plain } from '../plain.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

type Paper = Pick<Terminal, 'colour' | 'width'>;

/** Lines of one value that are shown. */
const mostLines = 24;

/** One check with everything that its verdict came from. */
export function renderCheck(paper: Paper, report: CheckReport): string {
  const { colour } = paper;
  const lines = [
    `${verdict(paper, report)} ${colour.bold(report.check)}  ${report.points}/${report.maxPoints} points  ${report.title}  ${colour.dim(`${report.durationMs} ms`)}`,
    ...report.expectations.flatMap((one) => expectation(paper, one)),
  ];
  if (report.message !== null) lines.push(`  ${colour.dim('the learner sees:')} ${plain(report.message)}`);
  // What threw stands beside its expectation already.
  if (report.internal !== null && report.expectations.every(({ trouble }) => trouble === null))
    lines.push(`  ${colour.dim('internal:')} ${plain(report.internal)}`);
  if (report.needs.length > 0) {
    lines.push(`  ${colour.dim(`in an attempt it is blocked unless ${report.needs.join(', ')} passes`)}`);
  }
  return [...lines, ...report.looks.map((look) => renderLook(paper, look))].join('\n');
}

/** What was seen, when, and how long it took. */
export function renderLook(paper: Paper, { name, kind, from, observation }: LookReport): string {
  const { colour } = paper;
  const at = observation.at.toISOString().slice(11, 23);
  const facts = [kind, from, `at ${at}`, `${Math.round(observation.durationMs)} ms`];
  const head = `  ${colour.cyan(name)} ${colour.dim(facts.filter((fact) => fact !== '').join(', '))}`;
  if (observation.outcome === 'seen') return `${head}\n${indented(show(paper, observation.value), 4)}`;
  const { problem, reason, internal } = observation;
  return `${head}\n    ${colour.red(problem)}  ${plain(reason)}\n    ${colour.dim(plain(internal))}`;
}

/** All checks in a table, with numbers to name them by. */
export function renderTried(paper: Paper, tried: Tried): string {
  const { colour } = paper;
  const rows = tried.checks.map((one, at) => [
    String(at + 1),
    verdict(paper, one),
    one.check,
    `${one.points}/${one.maxPoints}`,
    `${one.durationMs} ms`,
    plain(one.message ?? ''),
  ]);
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'Verdict' },
    { title: 'Check' },
    { title: 'Points', align: 'right' as const },
    { title: 'Took', align: 'right' as const },
    { title: 'The learner sees', wraps: true },
  ];
  const sum = `${tried.points} of ${tried.maxPoints} points`;
  return `${table(paper, columns, rows)}\n\n${colour.bold(sum)} ${colour.dim(`${tried.ms} ms`)}`;
}

/** A report as `--json` prints it: timestamps are ISO text, bytes base64. */
export function checkJson(report: CheckReport): unknown {
  return {
    ...report,
    looks: report.looks.map(({ observation, ...look }) => {
      const { at, ...rest } = observation;
      const value = rest.outcome === 'seen' ? { value: plainValue(rest.value) } : {};
      return { ...look, ...rest, ...value, at: at.toISOString() };
    }),
  };
}

function verdict({ colour }: Paper, { verdict: word }: Pick<CheckReport, 'verdict'>): string {
  return {
    pass: colour.green('✓ pass'),
    fail: colour.red('✗ fail'),
    error: colour.magenta('! error'),
    blocked: colour.yellow('· blocked'),
  }[word];
}

function expectation({ colour }: Paper, one: ExpectationReport): readonly string[] {
  const mark = (met: boolean) => (met ? colour.green('✓') : colour.red('✗'));
  const trouble = one.trouble === null ? [] : [`        ${colour.yellow(plain(one.trouble))}`];
  return [
    `  ${mark(one.met)} ${one.points}/${one.maxPoints}  ${one.that.trim()}`,
    ...trouble,
    ...one.partial.map((part) => `      ${mark(part.met)} ${part.points} for  ${part.that.trim()}`),
  ];
}

function show({ colour, width }: Paper, value: Value): string {
  const text = inspect(value, {
    depth: 8,
    maxArrayLength: 12,
    maxStringLength: 400,
    breakLength: Math.max(40, width - 4),
    compact: 3,
    colors: colour.isColorSupported,
  });
  const lines = text.split('\n');
  if (lines.length <= mostLines) return text;
  return [...lines.slice(0, mostLines), colour.dim(`… ${lines.length - mostLines} lines more`)].join('\n');
}

function plainValue(value: Value): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plainValue);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]));
}

function indented(text: string, by: number): string {
  return text
    .split('\n')
    .map((line) => ' '.repeat(by) + line)
    .join('\n');
}
