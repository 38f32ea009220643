/** Components that are programs: the sample API, services, partners and traffic. */
import { z } from 'zod';
import {
  apiSource,
  command,
  common,
  commonOf,
  env,
  folder,
  port,
  ready,
  serviceSource,
  sourceOf,
} from './schema-component-parts.ts';
import { target } from './schema-namespace.ts';
import { folderPath, identifier, later, line } from './schema-parts.ts';
import type { SampleApiComponent, ServiceComponent, StubComponent, TrafficComponent } from './types.ts';

/** What runs from the trainee's files is in the trainee's custody. */
const ownCustody = {
  message: "what runs from the trainee's files is in the custody of the trainee",
  path: ['custody'],
};
const fits = (one: { readonly custody?: string | undefined; readonly source?: object | undefined }) =>
  one.source === undefined || one.custody !== 'platform';

export const sampleApi = (variants: readonly string[]) =>
  z
    .strictObject({
      custody: common.custody,
      limits: common.limits,
      uses: identifier.describe('The postgres component that it works on.'),
      variant: z.enum(variants as [string, ...string[]]).default('stock'),
      source: apiSource.optional().describe("Runs the trainee's copy of the API."),
      env: env.default({}),
      ...later('ready'),
    })
    .refine(fits, ownCustody);

export function sampleApiOf(one: z.output<ReturnType<typeof sampleApi>>): SampleApiComponent {
  const source = one.source === undefined ? null : sourceOf(one.source);
  return {
    kind: 'sample-api',
    ...commonOf({ ...one, uses: [one.uses], ...custodyOf(source) }, ...shellOf(source)),
    database: one.uses,
    variant: one.variant,
    source,
    env: one.env,
  };
}

export const service = z
  .strictObject({
    ...common,
    image: z.string().min(1).max(500).optional().describe('Container image.'),
    command: command.optional().describe('Whole words; the first is looked up in the PATH of the lab.'),
    source: serviceSource.optional().describe("Runs from the trainee's files."),
    files: folder.optional().describe('Folder of the template with its files.'),
    port: port.optional().describe('In a container; on process it is in PORT.'),
    ready: ready.optional(),
    env: env.default({}),
  })
  .refine(fits, ownCustody)
  .superRefine((one, context) => {
    const issue = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', path, message });
    for (const key of ['command', 'port', 'ready'] as const) {
      if (one[key] === undefined || one.source?.[key] === undefined) continue;
      issue(`"${key}" is written here and in "source"`, key);
    }
    if (one.source !== undefined && one.files !== undefined) {
      issue('its files come from "source"; "files" are for programs of the template', 'files');
    }
    if ((one.command ?? one.source?.command) === undefined && one.image === undefined) {
      issue('expected either a "command" or an "image"');
    }
  });

export function serviceOf(one: z.output<typeof service>): ServiceComponent {
  const source = one.source === undefined ? null : sourceOf(one.source);
  return {
    kind: 'service',
    ...commonOf({ ...one, ...custodyOf(source) }, ...shellOf(source)),
    image: one.image ?? null,
    command: one.command ?? one.source?.command ?? [],
    source,
    files: one.files ?? null,
    port: one.port ?? one.source?.port ?? 8080,
    ready: one.ready ?? one.source?.ready ?? { by: 'tcp' },
    env: one.env,
  };
}

const shellOf = (source: SampleApiComponent['source']) => (source === null ? [] : [source.shell]);
const custodyOf = (source: SampleApiComponent['source']) =>
  source === null ? {} : ({ custody: 'trainee' } as const);

export const stub = z.strictObject({
  ...common,
  files: folderPath.describe('YAML file with its routes and moods.'),
  mood: line.default('calm'),
  trainee: z
    .union([
      z.literal('none').transform((): ('mood' | 'journal')[] => []),
      z.array(z.enum(['mood', 'journal'])),
    ])
    .default([])
    .describe('What trainees may do at /_stub: change its mood, read its journal.'),
  ...later('ready'),
});

export function stubOf(one: z.output<typeof stub>): StubComponent {
  return { kind: 'stub', ...commonOf(one), file: one.files, mood: one.mood, trainee: one.trainee };
}

const mostRequests = 50;

export const traffic = z.strictObject({
  ...common,
  target: target.describe('The component, or the Service in a namespace, that it sends requests to.'),
  script: folderPath.describe('YAML file with its requests.'),
  rate: z
    .string()
    .regex(/^\d+(\.\d+)?\/(s|m)$/, 'expected a rate such as "1/s" or "30/m"')
    .transform((text) => Number.parseFloat(text) / (text.endsWith('/m') ? 60 : 1))
    .refine((rate) => rate > 0 && rate <= mostRequests, `expected a rate above 0 and up to ${mostRequests}/s`)
    .default(1),
  trainee: z.literal('none').default('none'),
  ...later('ready'),
});

export function trafficOf(one: z.output<typeof traffic>): TrafficComponent {
  const { component, ...at } = typeof one.target === 'string' ? { component: one.target } : one.target;
  return {
    kind: 'traffic',
    ...commonOf(one, component),
    target: component,
    ...('service' in at ? { service: { name: at.service, port: at.port } } : {}),
    file: one.script,
    rate: one.rate,
  };
}
