/** Regrades as people read them in a terminal. */
import { plain } from '../plain.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { ItemWire, RegradeWire } from './wire.ts';

type Paper = Pick<Terminal, 'colour' | 'width'>;

export function renderRegrades(paper: Paper, regrades: readonly RegradeWire[]): string {
  if (regrades.length === 0) return 'No regrades.';
  const rows = regrades.map((one) => [
    one.id,
    one.askedAt.slice(0, 16).replace('T', ' '),
    one.template,
    one.to.slice(0, 12),
    one.state,
    String(one.attempts),
    String(one.changed),
    plain(one.askedBy),
  ]);
  const columns = [
    { title: 'Regrade' },
    { title: 'Asked' },
    { title: 'Template', wraps: true },
    { title: 'Version' },
    { title: 'State' },
    { title: 'Attempts', align: 'right' as const },
    { title: 'Changed', align: 'right' as const },
    { title: 'By', wraps: true },
  ];
  return table(paper, columns, rows);
}

/** What it found, in a line or three. */
export function renderRegrade({ colour }: Paper, one: RegradeWire): string {
  const scope = [one.lab, one.check === null ? null : `check ${one.check}`].filter((part) => part !== null);
  const finals =
    one.changedFinals === 0
      ? ''
      : `\n${one.changedFinals} of them handed in${one.finals ? '' : ': these keep their grade (--finals changes them too)'}.`;
  const kept =
    one.kept === 0 ? '' : `\n${one.kept} with a check that could not be judged again and keeps its verdict.`;
  return (
    `${colour.bold(one.id)}  ${one.state}  ${one.template} ${scope.join(' ')} by version ${one.to.slice(0, 12)}\n` +
    `${one.attempts} attempts judged again, ${colour.bold(String(one.changed))} change.${finals}${kept}`
  );
}

export function renderItem({ colour }: Paper, item: ItemWire): string {
  const name = `${item.lab} attempt ${item.attempt}${item.final ? ' (handed in)' : ''}`;
  const head = `${colour.bold(name)}  ${item.pointsBefore} → ${item.points} points`;
  const changes = item.changes.flatMap(({ check, from, to, because, expectations, observed }) => [
    `  ${check}: ${from.verdict} → ${to.verdict}, ${from.points} → ${to.points} points${because === 'settled' ? ' (what it depends on has changed)' : ''}`,
    ...expectations.flatMap((line) => [
      ...(line.old === line.new ? [] : [`    was  ${line.old ?? 'nothing'}   ${met(line.metBefore)}`]),
      `    now  ${line.new ?? 'nothing'}   ${met(line.metNow)}`,
    ]),
    ...Object.entries(observed).map(([key, value]) => colour.dim(`    seen ${key} = ${plain(value)}`)),
    ...(from.message === null ? [] : [`    said ${plain(from.message)}`]),
    ...(to.message === null ? [] : [`    says ${plain(to.message)}`]),
  ]);
  const kept = Object.entries(item.kept).map(
    ([check, why]) =>
      `  ${check === '*' ? 'all checks' : check}: ${colour.yellow('not regradable')}: ${why.map(plain).join('; ')}`,
  );
  return [head, ...changes, ...kept].join('\n');
}

function met(yes: boolean | null): string {
  if (yes === null) return '';
  return yes ? '(met)' : '(not met)';
}
