/** Where the reports of `template test` go: files for CI, annotations, or the answer itself. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { stepSummaryFile } from '../../config.ts';
import { toGithub, toSummary } from '../../proving/github.ts';
import { toJson } from '../../proving/json.ts';
import { toJunit } from '../../proving/junit.ts';
import type { ProofReport } from '../../proving/types.ts';
import { CliError } from '../cli-error.ts';

export interface ReportsTo {
  readonly junit: string | null;
  /** A file; null: none. */
  readonly json: string | null;
  readonly github: boolean;
}

/** Throws CliError `usage` that names the file that cannot be written. */
export function writeReports(
  reports: readonly ProofReport[],
  { junit, json, github }: ReportsTo,
  folderOf: (report: ProofReport) => string,
): void {
  if (junit !== null) write('--junit', junit, toJunit(reports));
  if (json !== null) write('--json', json, toJson(reports));
  if (!github) return;
  process.stdout.write(toGithub(reports, (report) => relative('.', folderOf(report)).split(sep).join('/')));
  const summary = stepSummaryFile();
  if (summary !== null) appendFileSync(summary, toSummary(reports));
}

function write(option: string, file: string, text: string): void {
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true });
    writeFileSync(file, text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CliError('usage', 'bad_usage', `${option}: ${file} cannot be written (${code}).`);
  }
}
