import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes what the others leave and wraps there; columns without it are as wide as their content. */
  readonly wraps?: boolean;
}

const nothing = '';
const bare = {
  top: nothing,
  'top-mid': nothing,
  'top-left': nothing,
  'top-right': nothing,
  bottom: nothing,
  'bottom-mid': nothing,
  'bottom-left': nothing,
  'bottom-right': nothing,
  left: nothing,
  'left-mid': nothing,
  mid: nothing,
  'mid-mid': nothing,
  right: nothing,
  'right-mid': nothing,
  middle: '  ',
};

/** A table without lines, as wide as the terminal at most; long text wraps in the columns that allow it. */
export function table(
  terminal: Pick<Terminal, 'colour' | 'width'>,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const natural = columns.map((column, i) =>
    Math.max(...[column.title, ...rows.map((row) => row[i] ?? '')].map(width)),
  );
  const flexible = columns.flatMap((column, i) => (column.wraps === true ? [i] : []));
  const fixed = natural.reduce((sum, n, i) => sum + (flexible.includes(i) ? 0 : n), 2 * (columns.length - 1));
  const widths = [...natural];
  let room = Math.max(12 * flexible.length, terminal.width - fixed - 1);
  // The narrowest first: what they leave over goes to the wider ones.
  for (const [n, i] of [...flexible].sort((a, b) => (natural[a] ?? 0) - (natural[b] ?? 0)).entries()) {
    widths[i] = Math.max(1, Math.min(natural[i] ?? 0, Math.floor(room / (flexible.length - n))));
    room -= widths[i] ?? 0;
  }
  const made = new Table({
    head: columns.map((column) => terminal.colour.bold(column.title)),
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: widths,
    colAligns: columns.map((column) => column.align ?? 'left'),
    wordWrap: true,
  });
  made.push(...rows.map((row) => row.map((text, i) => breakLongWords(text, widths[i] ?? 1))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The table would cut off a word that is wider than its column. */
function breakLongWords(text: string, room: number): string {
  if (text.includes('\x1b') || width(text) <= room) return text;
  return text.replace(new RegExp(`\\S{${room}}(?=\\S)`, 'gu'), '$&\n');
}

/** Columns that the text takes at its widest line. */
function width(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => [...line].length),
  );
}
