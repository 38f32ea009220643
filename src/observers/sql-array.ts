/** PostgreSQL's array literals: `{1,NULL,"a,b",{…}}`, also with bounds `[0:1]={…}`. */
import type { Value } from '../grading/types.ts';

/** Reads one literal; elements other than NULL go through `read`. The server never nests deeper than six. */
export function parseArray(raw: string, read: (element: string) => Value): Value {
  const root: Value[] = [];
  const stack: Value[][] = [root];
  let at = raw.indexOf('{');
  while (at >= 0 && at < raw.length) {
    const character = raw[at];
    if (character === '{') {
      const inner: Value[] = [];
      stack.at(-1)?.push(inner);
      stack.push(inner);
      at += 1;
    } else if (character === '}') {
      stack.pop();
      at += 1;
    } else if (character === ',') {
      at += 1;
    } else {
      const word = character === '"' ? quoted(raw, at) : bare(raw, at);
      stack.at(-1)?.push(character !== '"' && word.text === 'NULL' ? null : read(word.text));
      at = word.end;
    }
  }
  return root[0] ?? [];
}

function quoted(raw: string, start: number): { text: string; end: number } {
  let text = '';
  let at = start + 1;
  for (; at < raw.length && raw[at] !== '"'; at += 1) {
    if (raw[at] === '\\') at += 1;
    text += raw[at] ?? '';
  }
  return { text, end: at + 1 };
}

function bare(raw: string, start: number): { text: string; end: number } {
  let end = start;
  while (end < raw.length && raw[end] !== ',' && raw[end] !== '}') end += 1;
  return { text: raw.slice(start, end), end };
}
