/** How the trainee reaches what is in the lab. */
import { z } from 'zod';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { labParams } from '../schemas.ts';

const accessSchema = z.object({
  components: z
    .record(z.string(), z.object({ kind: z.string(), facts: z.record(z.string(), z.unknown()) }))
    .describe('Connection strings, URLs, accounts and folders by component; these are secrets'),
  isolated: z.boolean().describe('False: the backend is no security boundary between trainees'),
  note: z.string().nullable(),
});

const noBoundary =
  'This lab runs as ordinary processes of one machine. That is no security boundary: others who can log in to the ' +
  'machine may reach it. Keep no real data and no real passwords in it.';

export function accessRoutes(api: Api, deps: AppDeps): void {
  const isolated = new Map(deps.backends.map(({ name, isolation }) => [name, isolation]));

  api.route({
    method: 'GET',
    url: '/labs/:id/access',
    schema: {
      tags: ['labs'],
      summary: 'Connection facts of a lab that is ready',
      description: 'For its owner and instructors. Never cached.',
      params: labParams,
      response: { 200: accessSchema, ...problems },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const components = await deps.labs.access(caller, request.params.id);
      const { lab } = await deps.labs.getLab(caller, request.params.id);
      const held = isolated.get(lab.backend) ?? false;
      const facts = Object.entries(components).map(
        ([name, one]) => [name, { kind: one.kind, facts: { ...one.facts } }] as const,
      );
      return { components: Object.fromEntries(facts), isolated: held, note: held ? null : noBoundary };
    },
  });
}
