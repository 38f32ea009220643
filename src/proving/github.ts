/** Proofs for GitHub Actions: annotations in the files of a change, and a page of the job. */
import { defectsOf, describeDefect, type FoundDefect, isError, outcomeOf } from './defects.ts';
import type { ProofReport, RunReport } from './types.ts';

/**
 * Workflow commands, one a line, errors before warnings: GitHub shows the first ten of each only. `folderOf` gives the
 * template's folder from the root of the repository, with forward slashes; what has no place stands at its `lab.yaml`.
 * Empty when there is nothing to say.
 */
export function toGithub(reports: readonly ProofReport[], folderOf: (report: ProofReport) => string): string {
  const found = reports.flatMap(defectsOf);
  const sorted = [...found.filter(isError), ...found.filter((defect) => !isError(defect))];
  return sorted.map((defect) => `${command(defect, folderOf(defect.report))}\n`).join('');
}

function command(defect: FoundDefect, folder: string): string {
  const { report, severity, code, file, line } = defect;
  const properties = {
    file: `${folder.replace(/\/+$/, '')}/${file ?? 'lab.yaml'}`,
    ...(line === null ? {} : { line: String(line) }),
    title: `${report.template} on ${report.backend}: ${code}`,
  };
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${severity} ${list.join(',')}::${escapeData(describeDefect(defect))}`;
}

/** As GitHub's own toolkit does it: a line break that got through would begin a command of its own. */
function escapeData(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}

/**
 * Markdown for the file that `GITHUB_STEP_SUMMARY` names: a line a template, then of each that was run its matrix
 * (runs down, checks across) and its defects. GitHub refuses more than a mebibyte: what would be over it is left out
 * and said so.
 */
export function toSummary(reports: readonly ProofReport[]): string {
  const head = [
    '## Templates proved',
    '',
    '| | template | backend | runs | defects | seconds |',
    '|---|---|---|---:|---:|---:|',
    ...reports.map(line),
    '',
  ].join('\n');
  let text = head;
  let left = 0;
  for (const report of reports.filter(({ runs, defects }) => runs.length + defects.length > 0)) {
    const part = `\n${details(report)}`;
    if (Buffer.byteLength(text + part) < mostBytes) text += part;
    else left++;
  }
  return left === 0 ? text : `${text}\n${left} more are too long to be shown here.\n`;
}

/** Some room is left to what else a step writes. */
const mostBytes = 900 * 1024;

const outcomeMarks = {
  proved: '✅',
  kept: '☑️',
  refused: '❌',
  partial: '⏸️',
  skipped: '➖',
  missing: '❓',
} as const;
const verdictMarks = { pass: '✓', fail: '✗', error: '!', blocked: '·' } as const;
const rowMarks = { ok: '', warned: '⚠️', refused: '❌' } as const;

function line(report: ProofReport): string {
  const runs = report.outcome === 'kept' ? 'proved before' : String(report.runs.length);
  return row([
    outcomeMarks[report.outcome],
    plainText(report.template),
    report.backend,
    report.why === null ? runs : plainText(report.why),
    String(defectsOf(report).length),
    report.seconds.toFixed(1),
  ]);
}

function details(report: ProofReport): string {
  const { template, title, backend, checks, runs } = report;
  const matrix = [
    row(['run', ...checks.map(({ id, points }) => `${plainText(id)} (${points})`), '']),
    row(['---', ...checks.map(() => ':---:'), '---']),
    ...runs.map((run) => matrixRow(run, report)),
  ];
  const defects = defectsOf(report).map(
    (defect) => `- ${isError(defect) ? '❌' : '⚠️'} ${plainText(describeDefect(defect))}`,
  );
  return [
    `<details${report.outcome === 'refused' ? ' open' : ''}>`,
    `<summary>${plainText(`${template} on ${backend}: ${title}`)}</summary>`,
    '',
    ...(runs.length === 0 ? [] : [...matrix, '']),
    ...(defects.length === 0 ? [] : [...defects, '']),
    '</details>',
    '',
  ].join('\n');
}

function matrixRow(run: RunReport, { checks }: ProofReport): string {
  const cells = checks.map(({ id }) => {
    const cell = run.cells.find(({ check }) => check === id);
    return cell === undefined ? '' : `${verdictMarks[cell.verdict]} ${cell.points}`;
  });
  return row([plainText(run.name), ...cells, rowMarks[outcomeOf(run)]]);
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Text of others in a table's cell or a list's line: nothing in it is markup, and it stays on its line. */
function plainText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#!|~&@:$]/g, (one) => `&#${one.charCodeAt(0)};`);
}
