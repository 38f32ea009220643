import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { type ClassWire, classPath, renderClass } from './class-wire.ts';

interface Options extends ServerOptions {
  readonly title?: string;
  readonly pin?: readonly string[];
  readonly due?: readonly string[];
  readonly late?: readonly string[];
}

const nothing = 'none';

export function registerClassPut(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('put')
    .summary('make a class, or change what is named of it')
    .description('Makes a class, or changes what is named of it; the rest stays.')
    .argument('<class>', 'its id, such as db-2026')
    .option('--title <text>', 'what people call it; default: its id')
    .option(
      '--pin <template=version...>',
      `the version that it gets: staged, released, a hash; ${nothing}: unpinned`,
    )
    .option(
      '--due <template=time...>',
      `when work is due, such as dm-setup=2026-05-01T18:00:00Z; or ${nothing}`,
    )
    .option('--late <template=rule...>', 'what becomes of later work: accept, mark (the default) or refuse');
  withServerOptions(command).action(async (id: string, wish: Options) => {
    const api = connect(wish);
    const before = await present(api, id);
    const due: Record<string, { readonly at?: string; readonly late?: string }> = { ...before?.due };
    for (const [template, at] of pairs('--due', wish.due)) {
      if (at === nothing) delete due[template];
      else due[template] = { ...due[template], at };
    }
    for (const [template, late] of pairs('--late', wish.late)) {
      if (due[template] === undefined) {
        throw bad(
          '--late',
          `${template}=${late}`,
          `a template that has a due time: ${Object.keys(due).join(', ') || 'none has'}`,
        );
      }
      due[template] = { ...due[template], late };
    }
    const pins = { ...before?.pins, ...Object.fromEntries(pairs('--pin', wish.pin)) };
    const kept = Object.fromEntries(Object.entries(pins).filter(([, version]) => version !== nothing));
    const body = { title: wish.title ?? before?.title ?? id, pins: kept, due };
    const put = await api.call<ClassWire>('PUT', classPath(id), { body });
    terminal.answer(put, () => renderClass(terminal, put));
  });
}

async function present(api: ApiClient, id: string): Promise<ClassWire | null> {
  try {
    return await api.call<ClassWire>('GET', classPath(id));
  } catch (thrown) {
    if (thrown instanceof CliError && thrown.code === 'class_not_found') return null;
    throw thrown;
  }
}

function pairs(option: string, texts: readonly string[] = []): readonly (readonly [string, string])[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)] as const;
    throw bad(option, text, 'two words with "=" between them, the first one a template');
  });
}

function bad(option: string, found: string, allowed: string): CliError {
  return new CliError('usage', 'bad_usage', `${option}: found "${found}"; allowed is ${allowed}.`);
}
