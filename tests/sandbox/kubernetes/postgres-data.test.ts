/** How data come to servers in pods: from whom, to whom, and what is left when it is cut short. */
import type { V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { dataPort, receivedLabel } from '../../../src/sandbox/kubernetes/postgres/data-port.ts';
import { preparedContainer } from '../../../src/sandbox/kubernetes/postgres/prepared-pod.ts';
import { soon } from '../../contracts/database-subject.ts';
import { asRole, forkOf, planFor, postgresAccess } from '../../contracts/driver-contract-plans.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { databaseVersion } from '../../support/postgres-lab.ts';
import { type KubernetesDatabases, startKubernetesDatabases } from './database-subject.ts';

requireKubernetes();

const signal = AbortSignal.timeout(900_000);
const version = databaseVersion(
  { 'seed.sql': 'create table a as select generate_series(1, 200000) as x' },
  { traineeRole: 'superuser-own-server' },
);
const live = planFor('sb-data', version);
const fork = forkOf(live, 'sb-data-fork');
let test: KubernetesDatabases;

describe.skipIf(kubernetesMissing !== null)('data of servers in pods', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    test = await startKubernetesDatabases();
    for (const plan of [live, fork]) await test.driver.ensure(plan, 'database', signal);
  }, imagesTimeoutMs);
  afterAll(() => test?.stop(), 120_000);

  const shared = () => createNames(test.subject.test.installationId).shared;
  const ask = (plan: typeof live, sql: string) => asRole(postgresAccess(test.driver, plan), 'trainee', sql);

  async function podOf(sandboxId: string): Promise<V1Pod> {
    const { namespace, pod } = await test.subject.podOf(sandboxId, 'database');
    const found = (await test.subject.test.pods()).find(
      ({ metadata }) => metadata?.namespace === namespace && metadata.name === pod,
    );
    if (found === undefined) throw new Error(`no pod of ${sandboxId}`);
    return found;
  }

  const preparedPod = async (): Promise<V1Pod> => {
    const found = (await test.subject.test.pods()).find(({ metadata }) => metadata?.namespace === shared());
    if (found === undefined) throw new Error('nothing is prepared');
    return found;
  };

  /** What becomes of a connection: who is let through to where nobody listens is refused there. */
  async function reach(from: V1Pod, container: string, to: V1Pod, port: number): Promise<string> {
    const at = { namespace: from.metadata?.namespace ?? '', pod: from.metadata?.name ?? '' };
    const said = await test.run(
      at,
      container,
      `timeout 3 bash -c 'exec 3<>/dev/tcp/${to.status?.podIP}/${port}' 2>&1; echo "code $?"`,
    );
    if (said.includes('code 0')) return 'connected';
    return said.includes('refused') ? 'refused' : 'nothing';
  }

  it('come by no way that is open when a server serves', async () => {
    const [origin, copy, prepared] = [
      await podOf(live.sandboxId),
      await podOf(fork.sandboxId),
      await preparedPod(),
    ];
    for (const [from, to] of [
      [copy, origin],
      [origin, copy],
      [origin, prepared],
      [copy, prepared],
    ] as const) {
      for (const port of [5432, dataPort]) {
        const way = `${from.metadata?.name} of ${from.metadata?.namespace} to port ${port} of ${to.metadata?.namespace}`;
        expect(await reach(from, 'main', to, port), way).toBe('nothing');
      }
    }
    expect(await reach(prepared, preparedContainer, copy, dataPort)).toBe('nothing');
  });

  it('come by a way that only the mark of a server with data has closed', async () => {
    const [origin, copy] = [await podOf(live.sandboxId), await podOf(fork.sandboxId)];
    const { name = '', namespace = '' } = copy.metadata ?? {};
    const mark = (value: 'true' | null) =>
      test.subject.test.cluster.patch(
        { apiVersion: 'v1', kind: 'Pod', namespace, name },
        { metadata: { labels: { [receivedLabel]: value } } },
        { type: 'merge' },
        signal,
      );
    await mark(null);
    expect(
      await soon(
        () => reach(origin, 'main', copy, dataPort),
        (seen) => seen !== 'nothing',
      ),
    ).toBe('refused');
    expect(await reach(copy, 'main', origin, dataPort)).toBe('nothing');
    await mark('true');
    expect(
      await soon(
        () => reach(origin, 'main', copy, dataPort),
        (seen) => seen === 'nothing',
      ),
    ).toBe('nothing');
  });

  it('are whole after any number of callers gave up, and their origin goes on', async () => {
    const plan = forkOf(live, 'sb-data-cut');
    for (const ms of [200, 800, 1_400, 1_600, 1_800, 2_000, 2_400]) {
      const other = await test.another();
      await other.ensure(plan, 'database', AbortSignal.timeout(ms)).catch(() => {});
      await other.close();
    }
    await test.driver.ensure(plan, 'database', signal);
    expect(await ask(plan, 'select count(*)::int as n from a')).toEqual([{ n: 200_000 }]);
    expect(await test.inside(plan.sandboxId, 'database', 'ls -A /var/lib/postgresql/lab')).not.toContain(
      '.new',
    );
    expect(await ask(live, 'select count(*)::int as n from a')).toEqual([{ n: 200_000 }]);
    await test.driver.destroy(plan.sandboxId, signal);
  });

  it('say why they cannot be copied', async () => {
    const plan = planFor('sb-data-closed', version);
    await test.driver.ensure(plan, 'database', signal);
    await test.inside(plan.sandboxId, 'database', 'cd /var/lib/postgresql/lab; mkdir -m 0 data/closed');
    const closed = forkOf(plan, 'sb-data-closed-fork');
    await expect(test.driver.ensure(closed, 'database', signal)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringMatching(
        /Component "database" could not be copied: .*closed: Cannot open: Permission denied/s,
      ),
    });
    for (const { sandboxId } of [closed, plan]) await test.driver.destroy(sandboxId, signal);
  });

  it('of a prepared server that is lost are made anew', async () => {
    const { name = '' } = (await preparedPod()).metadata ?? {};
    const pod = { apiVersion: 'v1', kind: 'Pod', namespace: shared(), name };
    await test.subject.test.cluster.remove(pod, { graceSeconds: 0 }, signal);
    const plan = planFor('sb-data-anew', version);
    await test.driver.ensure(plan, 'database', signal);
    expect(await ask(plan, 'select count(*)::int as n from a')).toEqual([{ n: 200_000 }]);
    await test.driver.destroy(plan.sandboxId, signal);
  });
});
