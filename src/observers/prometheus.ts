/** The text format of Prometheus: `name{label="value"} 1.5 [time]`, one sample a line. Comments say nothing to us. */
import { LookFailure } from './look.ts';

export interface Sample {
  readonly [key: string]: string | number | Readonly<Record<string, string>>;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite. */
  readonly value: number;
}

const mostSamples = 5_000;
const mostLabels = 50;

const nameAt = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
/** Linear: a character is either a plain one or an escape, never both. */
const labelAt = /[\s,]*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*/y;
const valueAt =
  /^\s+([+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Inf|NaN))(?:\s+-?\d+)?\s*(?:#.*)?$/;

/** @throws LookFailure `rejected` naming the line, `oversized`. */
export function parsePrometheus(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const sample = parseLine(line.trimStart());
    if (sample === null) {
      const reason = `Line ${at + 1} of the metrics is not valid.`;
      throw new LookFailure('rejected', reason, `${reason} ${line.slice(0, 200)}`);
    }
    samples.push(sample);
    if (samples.length > mostSamples) {
      const reason = `There are more than ${mostSamples} samples.`;
      throw new LookFailure('oversized', reason, reason);
    }
  }
  return samples;
}

function parseLine(line: string): Sample | null {
  nameAt.lastIndex = 0;
  const [name] = nameAt.exec(line) ?? [];
  if (name === undefined) return null;
  const braced =
    line[name.length] === '{' ? parseLabels(line, name.length + 1) : { labels: {}, end: name.length };
  if (braced === null) return null;
  const [, value] = valueAt.exec(line.slice(braced.end)) ?? [];
  return value === undefined ? null : { name, labels: braced.labels, value: numberOf(value) };
}

function parseLabels(line: string, start: number): { labels: Record<string, string>; end: number } | null {
  const labels: [string, string][] = [];
  let at = start;
  for (;;) {
    labelAt.lastIndex = at;
    const found = labelAt.exec(line);
    if (found === null) break;
    labels.push([found[1] ?? '', unescaped(found[2] ?? '')]);
    if (labels.length > mostLabels) return null;
    at = labelAt.lastIndex;
  }
  const [rest = ''] = /^[\s,]*\}/.exec(line.slice(at)) ?? [];
  return rest === '' ? null : { labels: Object.fromEntries(labels), end: at + rest.length };
}

function unescaped(raw: string): string {
  return raw.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

function numberOf(text: string): number {
  if (text.endsWith('Inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
