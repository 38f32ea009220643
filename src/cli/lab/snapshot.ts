import type { Command } from 'commander';
import type { SnapshotWire } from '../../http/routes/snapshots.ts';
import type { Cli } from '../cli.ts';
import { plain } from '../plain.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import { labPath } from './wire.ts';

interface CreateOptions extends ServerOptions {
  readonly note?: string;
}

/** `labwright lab snapshot create|list|delete`. */
export function registerLabSnapshot(parent: Command, { terminal }: Cli): void {
  const snapshot = parent
    .command('snapshot')
    .description(
      "Keeps a lab's databases and files as they are, to go back to with `labwright lab restore`.",
    );

  const create = snapshot
    .command('create')
    .description('Keeps a lab as it is now; its databases stand still for a moment.')
    .argument('<lab>', 'its id')
    .argument('<name>', 'such as before-migration')
    .option('--note <text>', 'what it is for');
  withServerOptions(create).action(async (id: string, name: string, options: CreateOptions) => {
    const body = { name, ...(options.note === undefined ? {} : { note: options.note }) };
    const made = await connect(options).call<SnapshotWire>('POST', labPath(id, 'snapshots'), { body });
    terminal.answer(made, () => `Snapshot ${made.name} of lab ${id} is being made.`);
  });

  const list = snapshot
    .command('list')
    .description('What is kept of a lab, oldest first.')
    .argument('<lab>', 'its id');
  withServerOptions(list).action(async (id: string, options: ServerOptions) => {
    const found = await connect(options).call<{ items: SnapshotWire[] }>('GET', labPath(id, 'snapshots'));
    terminal.answer(found, () => {
      if (found.items.length === 0) return 'No snapshots.';
      const rows = found.items.map(({ name, state, takenAt, by, note }) => [
        name,
        state,
        takenAt ?? '',
        by,
        plain(note ?? ''),
      ]);
      const titles = ['Snapshot', 'State', 'Taken', 'By'].map((title) => ({ title }));
      return table(terminal, [...titles, { title: 'Note', wraps: true }], rows);
    });
  });

  const remove = snapshot
    .command('delete')
    .description('Gives a snapshot up.')
    .argument('<lab>', 'its id')
    .argument('<name>', 'of the snapshot');
  withServerOptions(remove).action(async (id: string, name: string, options: ServerOptions) => {
    await connect(options).call('DELETE', labPath(id, 'snapshots', name));
    terminal.answer({ deleted: name }, () => `Snapshot ${name} of lab ${id} is deleted.`);
  });
}
