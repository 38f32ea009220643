/** Lines as a markdown table, and as JSON with all samples. */
import { type Judged, judge, type Line, percentile, type Series, type Target } from './measure.ts';

export interface Row {
  readonly row: number;
  readonly name: string;
  readonly line: Line;
}

const titles = ['row', 'what', 'ours p50 / p95', 'floor p50 / p95', 'compared', 'target', 'met', 'n (ok)'];

export function markdown(rows: readonly Row[]): string {
  const cells = rows.map(({ row, name, line }) => {
    const judged = judge(line);
    return [
      String(row),
      `${name}: ${line.what}`,
      `${figures(line.ours, line)}${line.target.kind === 'bound' && line.target.p99 !== undefined ? `, p99 ${number(percentile(line.ours.samples, 99))}` : ''}`,
      line.floor === null ? '–' : figures(line.floor, line),
      compared(judged, line),
      wanted(line.target, line.unit),
      judged.met ? 'yes' : '**no**',
      success(line),
    ];
  });
  const notes = rows.flatMap(({ row, line }) => (line.note === undefined ? [] : [`- ${row}: ${line.note}`]));
  const lines = [titles, titles.map(() => '---'), ...cells].map((columns) => `| ${columns.join(' | ')} |`);
  return [...lines, '', ...new Set(notes)].join('\n');
}

export function json(rows: readonly Row[], about: Readonly<Record<string, unknown>>): string {
  const all = rows.map(({ row, name, line }) => ({
    row,
    name,
    ...line,
    ...judge(line),
    oursP50: percentile(line.ours.samples, 50),
    oursP95: percentile(line.ours.samples, 95),
    oursP99: percentile(line.ours.samples, 99),
    floorP50: line.floor === null ? null : percentile(line.floor.samples, 50),
    floorP95: line.floor === null ? null : percentile(line.floor.samples, 95),
  }));
  return `${JSON.stringify({ ...about, rows: all }, null, 2)}\n`;
}

function figures({ samples }: Series, { unit }: Line): string {
  return `${number(percentile(samples, 50))} / ${number(percentile(samples, 95))} ${unit}`;
}

function compared({ compared: figure }: Judged, { target, unit }: Line): string {
  if (figure === null) return '–';
  return target.kind === 'over'
    ? `${figure < 0 ? '−' : '+'}${number(Math.abs(figure))} ${unit}`
    : `${figure.toFixed(2)}x`;
}

function wanted(target: Target, unit: Line['unit']): string {
  switch (target.kind) {
    case 'ratio':
      return `${target.of === undefined ? '' : `${target.of} `}≤ ${target.atMost}x`;
    case 'rate':
      return `≥ ${target.atLeast}x`;
    case 'over':
      return `≤ +${target.atMost} ${unit}`;
    case 'bound': {
      const bounds = Object.entries({ p50: target.p50, p99: target.p99, worst: target.worst });
      return bounds
        .flatMap(([name, most]) => (most === undefined ? [] : [`${name} ≤ ${most} ${unit}`]))
        .join(', ');
    }
  }
}

function success({ ours, floor }: Line): string {
  const of = ({ samples, failures }: Series) => `${samples.length}/${samples.length + failures}`;
  return floor === null ? of(ours) : `${of(ours)}; ${of(floor)}`;
}

function number(figure: number): string {
  if (Number.isNaN(figure)) return '?';
  return figure >= 100 ? figure.toFixed(0) : figure >= 10 ? figure.toFixed(1) : figure.toFixed(2);
}
