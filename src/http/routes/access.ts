/** How the trainee reaches what is in the lab. */
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import type { Caller } from '../../lab/lab-service.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { iso, labParams } from '../schemas.ts';

const accessSchema = z.object({
  components: z
    .record(z.string(), z.object({ kind: z.string(), facts: z.record(z.string(), z.unknown()) }))
    .describe('Connection strings, URLs, accounts and folders by component; these are secrets'),
  isolated: z.boolean().describe('False: the backend is no security boundary between trainees'),
  note: z.string().nullable(),
  kubeconfig: z
    .object({
      text: z.string().describe('For kubectl; a secret'),
      expiresAt: z.iso.datetime().describe('Of its token; each call gives another, and all end with the lab'),
      contexts: z.array(z.string()).describe('Components that are namespaces; the first is the current one'),
    })
    .nullable()
    .describe("The lab's namespaces; null: it has none, or `kubeconfigNote` says why not"),
  kubeconfigNote: z.string().nullable(),
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
      const kubernetes = await kubeconfigOf(deps, caller, lab.id);
      const held = isolated.get(lab.backend) ?? false;
      const facts = Object.entries(components).map(
        ([name, one]) => [name, { kind: one.kind, facts: { ...one.facts } }] as const,
      );
      const note = held ? null : noBoundary;
      return { components: Object.fromEntries(facts), isolated: held, note, ...kubernetes };
    },
  });
}

const withinMs = 10_000;

/** The other facts are told whether the cluster answers or not. */
async function kubeconfigOf({ kubeconfigs }: AppDeps, caller: Caller, labId: string) {
  try {
    const found = (await kubeconfigs?.of(caller, labId, AbortSignal.timeout(withinMs))) ?? null;
    if (found === null) return { kubeconfig: null, kubeconfigNote: null };
    const { text, expiresAt, contexts } = found;
    return { kubeconfig: { text, expiresAt: iso(expiresAt), contexts: [...contexts] }, kubeconfigNote: null };
  } catch (thrown) {
    const late = thrown instanceof Error && thrown.name === 'TimeoutError';
    if (!late && !(thrown instanceof LabError)) throw thrown;
    const kubeconfigNote = late ? 'The cluster did not give a token in time.' : thrown.message;
    return { kubeconfig: null, kubeconfigNote };
  }
}
