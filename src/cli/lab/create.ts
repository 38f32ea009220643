import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { duration, renderAccess } from './render.ts';
import { waitUntilReady } from './wait.ts';
import { type Access, labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly trainee?: string;
  readonly backend?: string;
  readonly ttl?: string;
  readonly seed?: string;
  readonly class?: string;
  readonly version?: string;
  readonly idempotencyKey?: string;
  readonly wait: boolean;
}

export function registerLabCreate(parent: Command, { terminal, interrupts }: Cli): void {
  const command = parent
    .command('create')
    .summary('ask for a lab and wait until it is ready')
    .description('Asks for a lab, shows how it starts, and how to reach it once it is ready.')
    .argument('<template>', 'id of a lab template; `labwright template list` shows them')
    .option('--trainee <name>', 'for whom (instructors only); default: you')
    .option('--backend <name>', 'what it is made with')
    .option('--ttl <duration>', 'how long it lives, such as 45m or 2h')
    .option('--seed <text>', 'what its parameters are drawn from (instructors only)')
    .option('--class <id>', 'for which class: its version of the template is taken')
    .option('--version <version>', 'draft, staged, released, or the beginning of a hash (instructors only)')
    .option('--idempotency-key <text>', 'the same key gives the same lab, however often it is sent')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (template: string, options: Options) => {
    const api = connect(options);
    const { trainee, backend, ttl, seed, class: group, version } = options;
    const asked = await api.call<LabWire>('POST', '/labs', {
      body: { template, trainee, backend, ttl, seed, class: group, version },
      idempotencyKey: options.idempotencyKey ?? randomUUID(),
    });
    if (!options.wait) {
      terminal.answer(asked, () => asked.id);
      return;
    }
    const progress = terminal.progress();
    const hold = interrupts.hold();
    try {
      progress.say(asked.message);
      const lab = await waitUntilReady(api, asked.id, progress, hold.stop);
      const access = await api.call<Access>('GET', labPath(lab.id, 'access'));
      progress.done(`Lab ${lab.id} is ready`);
      terminal.answer({ ...lab, access }, () => {
        const { colour } = terminal;
        const next = [`labwright lab guide ${lab.id}`, `labwright lab grade ${lab.id}`];
        // On this machine their addresses are as good as any.
        const [inner] = lab.backend === 'process' ? [] : Object.keys(access.components);
        const way = `These addresses are of the lab's own network. From here: ${colour.cyan(`labwright lab connect ${lab.id} ${inner}`)}`;
        return [
          renderAccess(terminal, access),
          '',
          ...(inner === undefined ? [] : [way]),
          `Expires in ${duration(lab.secondsLeft)}. Next: ${next.map((one) => colour.cyan(one)).join(', ')}`,
        ].join('\n');
      });
    } catch (error) {
      if (!hold.stop.aborted) throw error;
      progress.clear();
      terminal.note(`Lab ${asked.id} goes on starting; \`labwright lab delete ${asked.id}\` ends it.`);
      process.exitCode = 130;
    } finally {
      hold.release();
    }
  });
}
