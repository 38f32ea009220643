/**
 * The line on which each statement of an SQL text begins; used only to say where a seed failed. Knows strings, quoted
 * names, dollar quotes and comments, as PostgreSQL reads them.
 */
export function statementLines(sql: string): readonly number[] {
  const lines: number[] = [];
  let line = 1;
  let inStatement = false;
  for (const [piece] of sql.matchAll(pieces)) {
    if (piece === ';') inStatement = false;
    else if (!inStatement && piece.trim() !== '' && !piece.startsWith('--') && !piece.startsWith('/*')) {
      inStatement = true;
      lines.push(line);
    }
    for (const character of piece) if (character === '\n') line += 1;
  }
  return lines;
}

const withinComment = String.raw`[^*/]|\*(?!/)|/(?!\*)`;
/** Comments of PostgreSQL hold comments; more than two in one another nobody writes. */
const comment = [1, 2].reduce(
  (inner) => String.raw`/\*(?:${withinComment}|${inner})*\*/`,
  String.raw`/\*(?:${withinComment})*\*/`,
);

/** Patterns of what SQL consists of; the first that fits counts. One group, of a dollar quote's tag. */
export const sqlPieces = {
  beforeWords: [
    String.raw`--[^\n]*`,
    comment,
    String.raw`[eE]'(?:[^'\\]|\\[\s\S]|'')*'`,
    `'(?:[^']|'')*'`,
    `"(?:[^"]|"")*"`,
    String.raw`(\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$)[\s\S]*?\1`,
    String.raw`\s+`,
  ].join('|'),
  words: String.raw`[A-Za-z0-9_$]+|[\s\S]`,
} as const;

const pieces = new RegExp(`${sqlPieces.beforeWords}|${sqlPieces.words}`, 'g');

/** The line of the character at this offset, from 1. */
export function lineAt(sql: string, offset: number): number {
  return sql.slice(0, offset).split('\n').length;
}
