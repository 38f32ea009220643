/** Versions of a template: staged, released, rolled back. Instructors only. */
import { z } from 'zod';
import type { VersionView } from '../../lab/releases/release-service.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema, iso, textSchema, timeSchema, versionSchema } from '../schemas.ts';

const tags = ['releases'];
const params = z.strictObject({ id: idSchema.describe("The template's id") });
const note = textSchema(500).optional().describe('Why, for those who look later');

const versionView = z.object({
  hash: z.string(),
  stage: z
    .enum(['draft', 'staged', 'released', 'replaced', 'withdrawn'])
    .describe('`replaced`: released before; `withdrawn`: rolled back'),
  since: timeSchema.nullable().describe('When that was done; null of a draft'),
  by: z.string().nullable(),
  note: z.string().nullable(),
  labs: z.int().describe('Labs made of it that have not ended'),
  classes: z.array(z.string()).describe('Classes that are pinned to it'),
  inFolder: z.boolean().describe('What the folder of templates holds now'),
});

const releasedSchema = z.object({
  hash: z.string().describe('What trainees get now'),
  before: z.string().nullable().describe('What they got before; null: what the folder held'),
  changed: z.boolean().describe('False: it was so already'),
});

export function releaseRoutes(api: Api, { releases }: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/templates/:id/versions',
    schema: {
      tags,
      summary: 'Versions of a template, and how far each has come',
      params,
      response: { 200: z.object({ template: z.string(), items: z.array(versionView) }), ...problems },
    },
    handler: async (request) => {
      const { id } = request.params;
      const views = await releases.versions(callerOf(request), id);
      return { template: id, items: views.map(versionWire) };
    },
  });

  api.route({
    method: 'POST',
    url: '/templates/:id/stage',
    config: { audit: { action: 'template.stage', detail: ['note'] } },
    schema: {
      tags,
      summary: 'Keep what the folder holds now, to be tried and released',
      params,
      body: z.strictObject({ note }).default({}),
      response: { 200: versionView, ...problems },
    },
    handler: async (request) =>
      versionWire(await releases.stage(callerOf(request), request.params.id, request.body.note ?? null)),
  });

  api.route({
    method: 'POST',
    url: '/templates/:id/release',
    config: { audit: { action: 'template.release', detail: ['version', 'note'] } },
    schema: {
      tags,
      summary: 'Make a staged version what trainees get',
      description: 'Labs that are there stay on theirs, and classes on what they are pinned to.',
      params,
      body: z
        .strictObject({
          version: versionSchema.optional().describe('Default: what was staged last'),
          note,
        })
        .default({}),
      response: { 200: releasedSchema, ...problems },
    },
    handler: (request) => {
      const { version, note: why = null } = request.body;
      return releases.release(callerOf(request), request.params.id, { version, note: why });
    },
  });

  api.route({
    method: 'POST',
    url: '/templates/:id/rollback',
    config: { audit: { action: 'template.rollback', detail: ['from', 'note'] } },
    schema: {
      tags,
      summary: 'Withdraw what is released: trainees get what was released before it',
      description: 'Again goes one release further back.',
      params,
      body: z
        .strictObject({
          from: versionSchema
            .optional()
            .describe('What is meant to be withdrawn: if another is released by then, nothing is changed'),
          note,
        })
        .default({}),
      response: { 200: releasedSchema, ...problems },
    },
    handler: (request) => {
      const { from, note: why = null } = request.body;
      return releases.rollBack(callerOf(request), request.params.id, { from, note: why });
    },
  });
}

function versionWire(view: VersionView): z.infer<typeof versionView> {
  return { ...view, since: iso(view.since), classes: [...view.classes] };
}
