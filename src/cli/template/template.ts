import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerTemplateDev } from './dev.ts';
import { registerTemplateLint } from './lint.ts';
import { registerTemplateList } from './list.ts';
import { registerTemplateNew } from './new.ts';
import { registerTemplateReference } from './reference.ts';
import { registerTemplateRelease } from './release.ts';
import { registerTemplateRollback } from './rollback.ts';
import { registerTemplateSchema } from './schema.ts';
import { registerTemplateStage } from './stage.ts';
import { registerTemplateTest } from './test.ts';
import { registerTemplateVersions } from './versions.ts';

/** `labwright template …`: lab templates in their folders, and their releases on a server. */
export function registerTemplate(parent: Command, cli: Cli): void {
  const template = parent
    .command('template')
    .description('Lab templates in their folders, and their releases on a server.');
  for (const register of [
    registerTemplateList,
    registerTemplateLint,
    registerTemplateSchema,
    registerTemplateReference,
    registerTemplateNew,
    registerTemplateDev,
    registerTemplateTest,
    registerTemplateVersions,
    registerTemplateStage,
    registerTemplateRelease,
    registerTemplateRollback,
  ])
    register(template, cli);
}
