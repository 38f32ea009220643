/** A driver in this process on the labs' cluster, and the template that the benchmarks' sandboxes are made from. */
import { createVocabulary } from '../../src/compose/language.ts';
import { openTemplates } from '../../src/compose/templates.ts';
import { createFiller } from '../../src/grading/values/fill.ts';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import { GENERATOR_VERSION } from '../../src/sample-api/seed/version.ts';
import { createProcessDriver } from '../../src/sandbox/process/process-driver.ts';
import { createSecrets } from '../../src/sandbox/secrets.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { template } from './labs.ts';
import { templatesFolder } from './server.ts';
import type { World } from './world.ts';

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

export async function benchTemplate(): Promise<TemplateVersion> {
  const version = await openTemplates(templatesFolder, createVocabulary().language).load(template);
  if (version === null) throw new Error(`the template ${template} does not load`);
  return version;
}

/** An installation of its own of this name. Its sandboxes end with it. */
export function openDriver(world: World, name: string) {
  const driver = createProcessDriver({
    dataDir: world.folder(name),
    installationId: `bench-${name}`,
    secrets: createSecrets(world.installationKey),
    labsUrl: world.labsUrl,
    postgres: world.programs.postgres,
    node: world.programs.node,
    sampleApi: { folder: world.programs.sampleApi, generatorVersion: GENERATOR_VERSION },
    packages: world.programs.packages,
    labUser: world.users.lab,
    partners: { stub: world.programs.stub, traffic: world.programs.traffic, user: world.users.partner },
    fill: (scope) => createFiller(scope, { missing: 'throw' }),
    log: silent,
  });
  world.defer('a driver', () => driver.close());
  return driver;
}

export function firstPlan(sandboxId: string, version: TemplateVersion): SandboxPlan {
  const components = Object.entries(version.template.components).map(
    ([name, spec]) => [name, { name, spec, generation: 1 }] as const,
  );
  return {
    sandboxId,
    version,
    components: Object.fromEntries(components),
    params: null,
    origin: null,
    variation: null,
  };
}
