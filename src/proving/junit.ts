/** Proofs as JUnit XML: what CI servers show as tests. */
import XMLBuilder from 'fast-xml-builder';
import { describeDefect, isError } from './defects.ts';
import type { Defect, ProofReport } from './types.ts';

interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly defects: readonly Defect[];
  readonly notes: readonly string[];
  readonly skipped?: string;
  readonly error?: string;
}

/**
 * One suite a proof (template and backend), one case a run, and one, `the template`, for what is about no run in
 * particular. All errors of a case stand in its failure, warnings and notes in its output. A proof that was kept is
 * one skipped case, and so is one whose backend could not be had where that is borne; where it is not, and where a proof
 * was interrupted, there is an error, since nothing was shown. Times are seconds.
 */
export function toJunit(reports: readonly ProofReport[]): string {
  const suites = reports.map(suite);
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    format: true,
    suppressEmptyNode: true,
    // An attribute whose value happens to be the text "true" would be written without one, which is no XML.
    suppressBooleanAttributes: false,
  });
  const body = builder.build({ testsuites: { ...totals(suites), testsuite: suites } });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
}

function suite(report: ProofReport) {
  const { template, backend, title, hash, seconds, runs, defects, outcome, why } = report;
  const whole: Case = {
    name: 'the template',
    seconds: Math.max(0, seconds - runs.reduce((sum, run) => sum + run.seconds, 0)),
    defects,
    notes: hash === '' ? [] : [title, `version ${hash}`],
    ...(outcome === 'kept' ? { skipped: 'it was proved before as it is' } : {}),
    ...(outcome === 'skipped' ? { skipped: why ?? '' } : {}),
    ...(outcome === 'partial' ? { error: 'the proof was interrupted' } : {}),
    ...(outcome === 'missing' ? { error: why ?? '' } : {}),
  };
  const cases = [whole, ...runs];
  const count = (holds: (one: Case) => boolean) => cases.filter(holds).length;
  return {
    '@_name': safe(`${template} on ${backend}`),
    '@_tests': cases.length,
    '@_failures': count((one) => one.defects.some(isError)),
    '@_errors': count((one) => one.error !== undefined),
    '@_skipped': count((one) => one.skipped !== undefined),
    '@_time': time(seconds),
    testcase: cases.map((one) => testcase(one, `${template}.${backend}`)),
  };
}

function testcase(one: Case, classname: string) {
  const errors = one.defects.filter(isError);
  const output = [...one.defects.filter((defect) => !isError(defect)).map(describeDefect), ...one.notes];
  const [first] = errors;
  return {
    '@_name': safe(one.name),
    '@_classname': safe(classname),
    '@_time': time(one.seconds),
    ...(one.skipped === undefined ? {} : { skipped: { '@_message': safe(one.skipped) } }),
    ...(first === undefined
      ? {}
      : {
          failure: {
            '@_message': safe(oneLine(first.message)),
            '@_type': first.code,
            '#text': safe(errors.map(describeDefect).join('\n')),
          },
        }),
    ...(one.error === undefined ? {} : { error: { '@_message': safe(one.error) } }),
    ...(output.length === 0 ? {} : { 'system-out': safe(output.join('\n')) }),
  };
}

function totals(suites: readonly ReturnType<typeof suite>[]) {
  const sum = (key: '@_tests' | '@_failures' | '@_errors' | '@_skipped') =>
    suites.reduce((total, one) => total + one[key], 0);
  return {
    '@_name': 'labwright template test',
    '@_tests': sum('@_tests'),
    '@_failures': sum('@_failures'),
    '@_errors': sum('@_errors'),
    '@_skipped': sum('@_skipped'),
    '@_time': time(suites.reduce((total, one) => total + Number(one['@_time']), 0)),
  };
}

const time = (seconds: number) => seconds.toFixed(3);
const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ');

/**
 * What a trainee's data may bring into a message and XML 1.0 has no way to write, not even escaped: control
 * characters, halves of surrogate pairs and two noncharacters. Each is replaced by U+FFFD.
 */
function safe(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  return text.toWellFormed().replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');
}
