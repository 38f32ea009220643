import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerTemplateDev } from './dev.ts';
import { registerTemplateLint } from './lint.ts';
import { registerTemplateList } from './list.ts';
import { registerTemplateNew } from './new.ts';
import { registerTemplateReference } from './reference.ts';
import { registerTemplateSchema } from './schema.ts';
import { registerTemplateTest } from './test.ts';

/** `labwright template …`: lab templates in their folders; no server is needed. */
export function registerTemplate(parent: Command, cli: Cli): void {
  const template = parent
    .command('template')
    .description('Lab templates in their folders; no server is needed.');
  for (const register of [
    registerTemplateList,
    registerTemplateLint,
    registerTemplateSchema,
    registerTemplateReference,
    registerTemplateNew,
    registerTemplateDev,
    registerTemplateTest,
  ])
    register(template, cli);
}
