/** Proofs for people: what each run came to, checks across and runs down, and in plain words what is wrong. Pure. */
import { defectsOf, describeDefect, isError } from './defects.ts';
import { remedies } from './remedies.ts';
import type { Cell, DefectCode, ProofReport } from './types.ts';

/** How things are set off; each gives its text back where there are no colours. */
export interface Inks {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

const marks = { pass: '✓', fail: '✗', error: '!', blocked: '·' } as const;

/** One template: a line of what came of it; where it was run the matrix; its defects with what to do about each kind. */
export function matrix(report: ProofReport, ink: Inks): string {
  return [
    headline(report, ink),
    ...grid(report, ink),
    ...steadiness(report, ink),
    ...troubles(report, ink),
  ].join('\n');
}

function headline(report: ProofReport, ink: Inks): string {
  const { template, backend, outcome, runs, seconds, why } = report;
  const defects = defectsOf(report);
  const errors = defects.filter(isError).length;
  const counts = [
    ...(runs.length > 0 ? [plural(runs.length, 'run')] : []),
    ...(errors > 0 ? [plural(errors, 'defect')] : []),
    ...(defects.length > errors ? [plural(defects.length - errors, 'warning')] : []),
    ...(runs.length > 0 ? [`${Math.round(seconds)} s`] : []),
  ].join(', ');
  const said = {
    proved: `${ink.green('✓')} ${ink.bold(template)} is proved on ${backend}`,
    kept: `${ink.green('✓')} ${ink.bold(template)} was proved before as it is on ${backend}`,
    refused: `${ink.red('✗')} ${ink.bold(template)} is refused on ${backend}`,
    partial: `${ink.yellow('!')} ${ink.bold(template)} is not proved on ${backend}: interrupted`,
    skipped: `${ink.yellow('!')} ${ink.bold(template)} is not proved on ${backend}: ${why}`,
    missing: `${ink.red('✗')} ${ink.bold(template)} is not proved on ${backend}: ${why}`,
  }[outcome];
  return counts === '' ? said : `${said}: ${counts}`;
}

function grid({ checks, runs }: ProofReport, ink: Inks): readonly string[] {
  if (runs.length === 0) return [];
  const width = Math.max(...runs.map(({ name }) => name.length));
  const legend = checks.map(
    ({ id, title, points }, at) =>
      `  ${String(at + 1).padStart(2)} ${id} ${ink.dim(`${title}, ${points} points`)}`,
  );
  const head = `    ${' '.repeat(width)}${checks.map((_, at) => String(at + 1).padStart(5)).join('')}`;
  const lines = runs.map((run) => {
    const cells = checks.map(({ id }) => cellOf(run.cells.find(({ check }) => check === id)));
    const bad = run.defects.some(isError);
    const sign = bad ? ink.red('✗') : run.defects.length > 0 ? ink.yellow('!') : ' ';
    const name = run.name.padEnd(width);
    const seconds = run.resumed ? 'done before' : `${Math.round(run.seconds)} s`;
    return `  ${sign} ${bad ? ink.red(name) : name}${cells.join('')}  ${ink.dim(seconds)}`;
  });
  return [...legend, head, ...lines];
}

/** Of checks whose runs were repeated: how often each was otherwise. */
function steadiness({ flakes }: ProofReport, ink: Inks): readonly string[] {
  const all = Object.entries(flakes);
  if (all.length === 0) return [];
  const unsteady = all.filter(([, { differing }]) => differing > 0);
  if (unsteady.length === 0) return [ink.dim('  Repeated, every check was as before.')];
  return unsteady.map(
    ([check, { runs, differing }]) => `  ${check} was otherwise in ${differing} of ${runs} repetitions`,
  );
}

/** A check that is blocked shows in brackets what it would be by itself. */
function cellOf(cell: Cell | undefined): string {
  if (cell === undefined) return '?'.padStart(5);
  const points = cell.points > 0 ? String(cell.points) : '';
  const own = cell.verdict === 'blocked' && cell.own !== 'blocked' ? `(${marks[cell.own]})` : '';
  return `${marks[cell.verdict]}${own}${points}`.padStart(5);
}

/** Grouped by what is to be done. */
function troubles(report: ProofReport, ink: Inks): readonly string[] {
  const found = defectsOf(report);
  const codes = [...new Set(found.map(({ code }) => code))];
  const notesOf = (name: string | null) => report.runs.find((run) => run.name === name)?.notes ?? [];
  return codes.flatMap((code: DefectCode) => {
    const those = found.filter((one) => one.code === code);
    const runs = [...new Set(those.map(({ run }) => run))];
    return [
      ...those.map((one) => {
        const place =
          one.file === null ? '' : ink.dim(` (${one.file}${one.line === null ? '' : `:${one.line}`})`);
        return `  ${isError(one) ? ink.red('✗') : ink.yellow('!')} ${describeDefect(one)}${place}`;
      }),
      ...runs.flatMap((name) => notesOf(name).map((note) => ink.dim(`      in ${name}, step ${note}`))),
      `    → ${remedies[code]}`,
    ];
  });
}

const words = {
  proved: 'proved',
  kept: 'proved before',
  refused: 'refused',
  partial: 'interrupted',
  skipped: 'skipped',
  missing: 'missing',
} as const;

/** `3 templates: 2 proved, 1 refused`; with several backends every template counts on each. */
export function summary(reports: readonly ProofReport[]): string {
  const counts = Object.entries(words).flatMap(([outcome, word]) => {
    const count = reports.filter((one) => one.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const templates = new Set(reports.map(({ template }) => template)).size;
  const backends = new Set(reports.map(({ backend }) => backend)).size;
  const on = backends > 1 ? ` on ${backends} backends` : '';
  return `${plural(templates, 'template')}${on}: ${counts.join(', ')}`;
}

const outcomeMarks = {
  proved: '✓',
  kept: '✓',
  refused: '✗',
  partial: '!',
  skipped: '-',
  missing: '?',
} as const;

/** A line a template, a column a backend; empty where there is only one backend. */
export function conformance(reports: readonly ProofReport[], ink: Inks): string {
  const backends = [...new Set(reports.map(({ backend }) => backend))];
  if (backends.length < 2) return '';
  const templates = [...new Set(reports.map(({ template }) => template))];
  const width = Math.max(...templates.map((name) => name.length));
  const cellOn = (template: string, backend: string) => {
    const report = reports.find((one) => one.template === template && one.backend === backend);
    if (report === undefined) return '';
    const differing = defectsOf(report).filter(({ code }) => code === 'backends-differ').length;
    const more = differing === 0 ? '' : `, ${differing} differ`;
    return `${outcomeMarks[report.outcome]} ${words[report.outcome]}${more}`;
  };
  const columns = backends.map((backend) => {
    const cells = templates.map((template) => cellOn(template, backend));
    const wide = Math.max(...[backend, ...cells].map(({ length }) => length));
    return [backend, ...cells].map((cell) => cell.padEnd(wide));
  });
  return ['', ...templates]
    .map((name, at) => {
      const line = [name.padEnd(width), ...columns.map((column) => column[at])].join('  ').trimEnd();
      return at === 0 ? ink.dim(line) : line;
    })
    .join('\n');
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;
