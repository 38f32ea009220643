/** Templates as anyone with a token may see them: no solution, no look, no expectation, no hint. */
import { z } from 'zod';
import type { Caller } from '../../lab/lab-service.ts';
import { unknownTemplate } from '../../lab/unknown-template.ts';
import type { Template, TemplateVersion } from '../../templates/types.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema } from '../schemas.ts';

const tags = ['templates'];
const templateParams = z.strictObject({ id: idSchema.describe("The template's id") });

const summarySchema = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  level: z.enum(['foundation', 'intermediate', 'advanced']),
  minutes: z.number().describe('How long a trainee is expected to need'),
  competencies: z.array(z.string()),
  source: z.object({ program: z.string(), module: z.string() }).nullable(),
  backends: z.array(z.string()),
  points: z.number(),
  tasks: z.int().describe('How many'),
});

const templateSchema = summarySchema.extend({
  hash: z.string().describe('The version that a lab made now would be pinned to'),
  lifetime: z.object({ ttlSeconds: z.number(), maxSeconds: z.number() }),
  grading: z
    .object({
      everySeconds: z.number().describe('Between two attempts'),
      attempts: z.int().nullable().describe('On demand, besides handing in; null: as many as one likes'),
      coolDown: z
        .object({ after: z.int(), forSeconds: z.number() })
        .nullable()
        .describe(
          'The first pause after so many attempts in a row that gained nothing; each further one doubles',
        ),
    })
    .describe('How often a lab may be graded'),
  components: z.array(z.object({ name: z.string(), kind: z.string(), uses: z.array(z.string()) })),
  parameters: z.array(z.string()).describe('Names of the values that are drawn for each lab'),
  tasks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      checks: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          points: z.number(),
          hints: z.int().describe('How many there are'),
        }),
      ),
    }),
  ),
  questions: z.array(
    z.object({ id: z.string(), kind: z.string(), ask: z.string(), options: z.array(z.string()) }),
  ),
});

const instructionsSchema = z.object({
  instructions: z.string().describe('Markdown, with placeholders where each lab has its own values'),
  tasks: z.array(z.object({ id: z.string(), title: z.string(), text: z.string().nullable() })),
});

export function templateRoutes(api: Api, deps: AppDeps): void {
  /** What the caller would get. */
  async function find(id: string, caller: Caller): Promise<TemplateVersion> {
    const version = await deps.templates.loadFor(id, caller.class ?? null);
    if (version !== null) return version;
    throw await unknownTemplate(id, deps.templates, deps.nearest);
  }

  api.route({
    method: 'GET',
    url: '/templates',
    schema: {
      tags,
      summary: 'List templates',
      response: { 200: z.object({ items: z.array(summarySchema) }), ...problems },
    },
    handler: async () => {
      const versions = await deps.templates.list();
      return { items: versions.map((version) => summaryOf(version.template)) };
    },
  });

  api.route({
    method: 'GET',
    url: '/templates/:id',
    schema: {
      tags,
      summary: 'One template',
      params: templateParams,
      response: { 200: templateSchema, ...problems },
    },
    handler: async (request) => detailsOf(await find(request.params.id, callerOf(request))),
  });

  api.route({
    method: 'GET',
    url: '/templates/:id/instructions',
    schema: {
      tags,
      summary: 'What a trainee is asked to do',
      description: 'A lab’s own guide has the values filled in: GET /labs/{id}/guide.',
      params: templateParams,
      response: { 200: instructionsSchema, ...problems },
    },
    handler: async (request) => {
      const { template, files } = await find(request.params.id, callerOf(request));
      const read = (path: string) => Buffer.from(files.get(path) ?? []).toString('utf8');
      return {
        instructions: read(template.instructions),
        tasks: template.tasks.map(({ id, title, text }) => ({
          id,
          title,
          text: text === null ? null : read(text),
        })),
      };
    },
  });
}

function summaryOf(template: Template): z.infer<typeof summarySchema> {
  const { id, title, summary, level, minutes, source } = template;
  return {
    id,
    title,
    summary,
    level,
    minutes,
    source,
    competencies: [...template.competencies],
    backends: [...template.backends],
    points: template.checks.reduce((sum, check) => sum + check.points, 0),
    tasks: template.tasks.length,
  };
}

function detailsOf({ template, hash }: TemplateVersion): z.infer<typeof templateSchema> {
  const { lifetime, grading } = template;
  const { ttlSeconds, maxSeconds } = lifetime;
  return {
    ...summaryOf(template),
    hash,
    lifetime: { ttlSeconds, maxSeconds },
    grading: {
      everySeconds: grading.onDemandEverySeconds,
      attempts: grading.attempts ?? null,
      coolDown: grading.coolDown ?? null,
    },
    components: Object.entries(template.components).map(([name, { kind, uses }]) => ({
      name,
      kind,
      uses: [...uses],
    })),
    parameters: Object.keys(template.parameters),
    tasks: template.tasks.map(({ id, title, checks }) => ({
      id,
      title,
      checks: template.checks
        .filter((check) => checks.includes(check.id))
        .map((check) => ({
          id: check.id,
          title: check.title,
          points: check.points,
          hints: check.hints.length,
        })),
    })),
    questions: template.questions.map(({ id, kind, ask, options }) => ({
      id,
      kind,
      ask,
      options: [...options],
    })),
  };
}
