import type { Command } from 'commander';
import type { ProgressWire } from '../../http/program-progress-wire.ts';
import type { Cli } from '../cli.ts';
import { plain } from '../plain.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import { programPath } from './program.ts';

interface Options extends ServerOptions {
  readonly limit?: string;
  readonly cursor?: string;
}

interface Page {
  readonly items: readonly ProgressWire[];
  readonly nextCursor: string | null;
}

export function registerProgramProgress(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('progress')
    .description('Shows how far somebody is, and what is missing; without a name everybody (instructors).')
    .argument('<program>', 'its id')
    .argument('[trainee]', 'their name')
    .option('--limit <number>', 'people a page')
    .option('--cursor <text>', 'the page that begins there');
  withServerOptions(command).action(async (id: string, trainee: string | undefined, options: Options) => {
    const { limit, cursor } = options;
    const page = await connect(options).call<Page>('GET', programPath(id, 'progress'), {
      query: { trainee, limit, cursor },
    });
    terminal.answer(page, () => {
      const [only] = page.items;
      if (only === undefined) return 'Nobody has begun this program.';
      const more = page.nextCursor === null ? '' : `\nMore: --cursor ${page.nextCursor}`;
      return page.items.length === 1 && more === '' ? renderOne(only) : renderAll(page.items) + more;
    });
  });

  function renderAll(items: readonly ProgressWire[]): string {
    const columns = [
      { title: 'Trainee', wraps: true },
      { title: 'Sessions', align: 'right' as const },
      { title: 'Hours', align: 'right' as const },
      { title: 'Level' },
      { title: 'Score', align: 'right' as const },
      { title: 'Certificate' },
    ];
    const rows = items.map((one) => [
      plain(one.trainee),
      `${one.sessions.filter((session) => session.passed).length} of ${one.sessions.length}`,
      `${one.attendance.hours} of ${one.attendance.of}`,
      one.levels.findLast((level) => level.reached)?.id ?? '',
      percent(one.certificate?.percent ?? null),
      one.certificate?.state ?? '',
    ]);
    return table(terminal, columns, rows);
  }

  function renderOne(progress: ProgressWire): string {
    const { colour } = terminal;
    const mark = (done: boolean) => (done ? colour.green('✓') : colour.dim('·'));
    const sessions = progress.sessions.map((session) => {
      const { hours, of } = session.attendance;
      const attended = of === 0 ? '' : `  ${hours} of ${of} h`;
      const head = `${mark(session.passed)} ${colour.bold(`${session.id}  ${session.title}`)}  ${percent(session.percent)}${attended}`;
      const lines = session.assessments.map((one) => {
        const why = one.waived === null ? one.missing.join('; ') : `waived: ${one.waived}`;
        return `  ${mark(one.passed)} ${one.title}  ${percent(one.percent)}${why === '' ? '' : `  ${colour.dim(plain(why))}`}`;
      });
      const next = session.modules.find((one) => !one.passed && one.available);
      const hint = next === undefined ? [] : [colour.dim(`    next: labwright lab create ${next.lab}`)];
      return [head, ...lines, ...hint].join('\n');
    });
    return [
      colour.bold(plain(progress.trainee)),
      ...sessions,
      ...areas(progress),
      ...certificate(progress),
    ].join('\n\n');

    function certificate({ certificate: held }: ProgressWire): string[] {
      if (held === null) return [];
      const gates = held.gates.map(
        (one) =>
          `  ${mark(one.met)} ${one.asks}${one.met ? '' : `  ${colour.dim(plain(one.missing.join('; ')))}`}`,
      );
      const until = held.until === null ? '' : ` until ${held.until.slice(0, 10)}`;
      const state = held.state === 'not yet' ? 'not yet earned' : `${held.state}${until}`;
      const renewal =
        held.renewalMissing.length === 0 ? [] : [`  to renew: ${held.renewalMissing.join('; ')}`];
      return [
        [`${colour.bold(held.title)}  ${percent(held.percent)}  ${state}`, ...gates, ...renewal].join('\n'),
      ];
    }
  }

  function areas({ competencies }: ProgressWire): string[] {
    if (competencies.length === 0) return [];
    return [
      competencies
        .map(
          (area) =>
            `${area.title}: ${area.items.filter((item) => item.shown).length} of ${area.items.length} skills shown`,
        )
        .join('\n'),
    ];
  }
}

const percent = (one: number | null) => (one === null ? '–' : `${one} %`);
