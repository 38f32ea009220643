import type { ClassRecord } from '../../lab/releases/types.ts';
import type { Wire } from '../lab/wire.ts';
import { table } from '../table.ts';
import { short } from '../template/release-wire.ts';
import type { Terminal } from '../terminal.ts';

export type ClassWire = Wire<ClassRecord>;

export function classPath(id: string): string {
  return `/classes/${encodeURIComponent(id)}`;
}

/** One class with a line for each template. */
export function renderClass(terminal: Pick<Terminal, 'colour' | 'width'>, one: ClassWire): string {
  const head = `${terminal.colour.bold(one.id)}  ${one.title}  ${terminal.colour.dim(`${one.labs} labs`)}`;
  const templates = [...new Set([...Object.keys(one.pins), ...Object.keys(one.due)])].sort();
  if (templates.length === 0) return `${head}\nIt gets what is released, and nothing is due.`;
  const columns = [{ title: 'Template' }, { title: 'Version' }, { title: 'Due' }, { title: 'Late' }];
  const rows = templates.map((template) => [
    template,
    short(one.pins[template] ?? 'released'),
    one.due[template]?.at ?? '',
    one.due[template]?.late ?? '',
  ]);
  return `${head}\n${table(terminal, columns, rows)}`;
}
