import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderItem, renderRegrade, renderRegrades } from './render.ts';
import type { ItemWire, Page, RegradeWire } from './wire.ts';

interface Options extends ServerOptions {
  readonly from?: string;
  readonly to: string;
  readonly lab?: string;
  readonly check?: string;
  readonly finals?: true;
  readonly apply?: true | string;
  readonly undo?: string;
  readonly show?: string;
  readonly reason?: string;
}

/** `labwright regrade`: judges stored attempts again. */
export function registerRegrade(parent: Command, { terminal, interrupts }: Cli): void {
  const command = parent
    .command('regrade')
    .summary('judge stored attempts again with a corrected template (instructors)')
    .description(
      'Judges stored attempts again from what was seen then, with a corrected template, and says who changes and why. ' +
        'Nothing counts before --apply; --undo takes it back. Without a template it lists the regrades.',
    )
    .argument('[template]', 'its id')
    .option('--from <hash>', 'only attempts that this version graded')
    .option('--to <version>', 'draft (the folder), staged, released, or the beginning of a hash', 'draft')
    .option('--lab <id>', 'only attempts of this lab')
    .option('--check <id>', 'only this check; what depends on it is settled')
    .option('--finals', 'also change grades that were handed in')
    .option('--apply [regrade]', 'let it count: this dry run, or the one that is made now')
    .option('--undo <regrade>', 'let count again what did before it')
    .option('--show <regrade>', 'show one again')
    .option('--reason <text>', 'why; with --apply and --undo; trainees read it');
  withServerOptions(command).action(async (template: string | undefined, options: Options) => {
    const api = connect(options);
    const hold = interrupts.hold();
    const act = (what: 'apply' | 'undo', id: string) =>
      api.call<RegradeWire>('POST', `/regrades/${encodeURIComponent(id)}/${what}`, {
        body: { reason: requireReason(options) },
      });
    try {
      if (options.undo !== undefined) return answer(await act('undo', options.undo));
      if (typeof options.apply === 'string') return answer(await act('apply', options.apply));
      if (options.show !== undefined) {
        const path = `/regrades/${encodeURIComponent(options.show)}`;
        return await answerWithItems(await api.call<RegradeWire>('GET', path));
      }
      if (template === undefined) {
        const page = await api.call<Page<RegradeWire>>('GET', '/regrades');
        return terminal.answer(page, () => renderRegrades(terminal, page.items));
      }
      if (options.apply === true) requireReason(options);
      const { from, to, lab, check, finals = false } = options;
      const dry = await api.call<RegradeWire>('POST', '/regrade', {
        body: { template, from, to, lab, check, finals },
        signal: hold.stop,
      });
      if (options.apply === true) return answer(await act('apply', dry.id));
      await answerWithItems(dry);
      if (dry.changed > 0) {
        terminal.note(`Let it count: labwright regrade --apply ${dry.id} --reason "…"`);
      }
    } finally {
      hold.release();
    }

    function answer(regrade: RegradeWire): void {
      terminal.answer(regrade, () => renderRegrade(terminal, regrade));
    }

    /** Page after page: thousands are not held at once. With --json the first page, as the API gives it. */
    async function answerWithItems(regrade: RegradeWire): Promise<void> {
      const path = `/regrades/${encodeURIComponent(regrade.id)}/attempts`;
      let page = await api.call<Page<ItemWire>>('GET', path);
      terminal.answer({ ...regrade, items: page.items, nextCursor: page.nextCursor }, () =>
        renderRegrade(terminal, regrade),
      );
      for (;;) {
        for (const item of page.items) terminal.print(renderItem(terminal, item));
        if (page.nextCursor === null || terminal.json) return;
        page = await api.call<Page<ItemWire>>('GET', path, { query: { cursor: page.nextCursor } });
      }
    }
  });
}

/** Throws CliError `usage`. */
function requireReason({ reason }: Options): string {
  if (reason !== undefined && reason.trim() !== '') return reason;
  throw new CliError('usage', 'bad_usage', 'Give --reason "…": trainees read why their points change.');
}
