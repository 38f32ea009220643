/**
 * Where statements end: at a `;` that is not inside a string, a quoted name, a dollar-quoted body or a comment.
 * Gives the whole statements and what is still open.
 */
export function splitStatements(text: string): { readonly whole: readonly string[]; readonly open: string } {
  const whole: string[] = [];
  let start = 0;
  let i = 0;
  while (i < text.length) {
    const skipped = skipQuoted(text, i);
    if (skipped !== i) {
      i = skipped;
      continue;
    }
    if (text[i] === ';') {
      const statement = text.slice(start, i).trim();
      if (statement !== '') whole.push(statement);
      start = i + 1;
    }
    i += 1;
  }
  return { whole, open: text.slice(start).trim() };
}

/** The end of what starts at `i`, if that is something in which a `;` means nothing; else `i`. */
function skipQuoted(text: string, i: number): number {
  const rest = text.slice(i);
  const end = (index: number, length: number) => (index === -1 ? text.length : index + length);
  const first = rest[0];
  if (first === "'" || first === '"') {
    const escapes = first === "'" && /(^|[^\w])e$/i.test(text.slice(Math.max(0, i - 2), i));
    for (let at = i + 1; at < text.length; at += 1) {
      if (escapes && text[at] === '\\') at += 1;
      else if (text[at] === first) {
        if (text[at + 1] !== first) return at + 1;
        at += 1;
      }
    }
    return text.length;
  }
  if (rest.startsWith('--')) return end(text.indexOf('\n', i), 1);
  if (rest.startsWith('/*')) {
    // Comments nest in PostgreSQL.
    let depth = 0;
    for (let at = i; at < text.length; at += 1) {
      if (text.startsWith('/*', at)) {
        depth += 1;
        at += 1;
      } else if (text.startsWith('*/', at)) {
        depth -= 1;
        at += 1;
        if (depth === 0) return at + 1;
      }
    }
    return text.length;
  }
  const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(rest)?.[0];
  if (tag !== undefined && !/\w$/.test(text.slice(0, i)))
    return end(text.indexOf(tag, i + tag.length), tag.length);
  return i;
}
