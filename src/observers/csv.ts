/** CSV as RFC 4180 has it: the first line names the columns, a quoted field may hold commas, quotes and line breaks. */
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { notReadable } from './parse.ts';

/** Rows by column name, all texts. @throws LookFailure `rejected`, `oversized`. */
export function parseCsv(text: string, what: string): readonly Readonly<Record<string, string>>[] {
  const [header = [], ...records] = readRecords(text, what);
  return records.map((fields, at) => {
    if (fields.length !== header.length) {
      throw notReadable(what, 'CSV', `record ${at + 2} has ${fields.length} fields, not ${header.length}`);
    }
    return Object.fromEntries(header.map((name, column) => [name, fields[column] ?? '']));
  });
}

function readRecords(text: string, what: string): readonly string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let values = 0;
  let at = 0;
  while (at < text.length) {
    const field = text[at] === '"' ? quoted(text, at + 1, what) : bare(text, at);
    record.push(field.text);
    values += 1;
    if (values > limits.nodes) {
      const reason = `${what} holds more than ${limits.nodes} values.`;
      throw new LookFailure('oversized', reason, reason);
    }
    at = field.end;
    if (text[at] === ',') {
      at += 1;
      // A comma at the very end is followed by one more, empty field.
      if (at === text.length) record.push('');
      else continue;
    } else if (text.startsWith('\r\n', at)) at += 2;
    else if (text[at] === '\n') at += 1;
    else if (at < text.length) throw notReadable(what, 'CSV', `something follows a quoted field at ${at}`);
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}

interface Field {
  readonly text: string;
  readonly end: number;
}

function quoted(text: string, start: number, what: string): Field {
  const parts: string[] = [];
  for (let from = start; ; ) {
    const end = text.indexOf('"', from);
    if (end === -1) throw notReadable(what, 'CSV', 'a quoted field has no end');
    parts.push(text.slice(from, end));
    if (text[end + 1] !== '"') return { text: parts.join('"'), end: end + 1 };
    from = end + 2;
  }
}

const fieldEnd = /,|\r?\n|$/g;

function bare(text: string, start: number): Field {
  fieldEnd.lastIndex = start;
  const end = fieldEnd.exec(text)?.index ?? text.length;
  return { text: text.slice(start, end), end };
}
