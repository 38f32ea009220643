/** What programs in a trainee's namespace reach in the lab's own: what their component uses, by its name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import type { ComponentSpec } from '../../../src/templates/types.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { podSpec, soon, startTraineeWorld, type TraineeWorld, webObjects, yamlOf } from './trainee-world.ts';

describe('what namespaces use', () => {
  requireKubernetes();
});

const cache = { kind: 'redis', uses: [], custody: 'platform' } as unknown as ComponentSpec;

describe.skipIf(kubernetesMissing !== null)('a namespace', { timeout: 120_000 }, () => {
  let world: TraineeWorld;
  let run: (command: string) => Promise<{ readonly exitCode: number | null; readonly stdout: string }>;
  let control: string;

  beforeAll(async () => {
    world = await startTraineeWorld();
    const probe = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe' } },
      spec: podSpec(['sleep', '3600']),
    };
    const small = world.plan(
      { production: { uses: ['cache'], objects: 'objects/' } },
      { 'objects/probe.yaml': yamlOf([probe]) },
    );
    const own = Object.fromEntries(
      ['cache', 'other'].map((name) => [name, { name, spec: cache, generation: 1 }]),
    );
    const plan = { ...small, components: { ...small.components, ...own } };
    control = world.spaces.controlOf(plan.sandboxId);
    await world.spaces.ensure(plan, soon());
    for (const name of ['cache', 'other']) {
      for (const object of webObjects(name, name)) {
        const labelled = JSON.parse(JSON.stringify(object).replaceAll('"app":', `"${label.component}":`));
        const metadata = { name, namespace: control };
        await world.cluster.apply({ ...labelled, metadata }, soon());
      }
    }
    await world.trainee.part.ensure(world.piece(plan, 'production'), soon());
    const limits = { timeoutMs: 30_000, maxBytes: 1_000 };
    run = (command) =>
      world.trainee.namespaces.podExec(
        ...([plan, 'production', { name: 'probe' }, ['sh', '-c', command], limits, soon()] as const),
      );
  }, imagesTimeoutMs);
  afterAll(() => world?.stop(), 240_000);

  it('reaches what it uses by the name that everybody has for it', async () => {
    const look = async () => (await run('wget -q -O - -T 5 http://cache')).stdout;
    await expect.poll(look, { timeout: 60_000, interval: 500 }).toBe('cache\n');
  });

  it('reaches nothing else there, also where it knows the name', async () => {
    const alive = async () => {
      const at = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: control, name: 'other' };
      const there = await world.cluster.read<{ status?: { availableReplicas?: number } }>(at, soon());
      return there?.status?.availableReplicas;
    };
    await expect.poll(alive, { timeout: 60_000 }).toBe(1);
    await expect(run(`nc -w 5 other.${control}.svc 80 -e /bin/true`)).resolves.toMatchObject({ exitCode: 1 });
    await expect(run('nslookup -type=a other')).resolves.toMatchObject({ exitCode: 1 });
  });
});
