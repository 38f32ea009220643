/** kill -9 of the server in the middle of its work on labs in containers: the next start goes on, and nothing is half. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { label, labelFilter } from '../../../src/sandbox/docker/labels.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { eventually } from '../support.ts';
import { patienceMs, type Site, startSite } from './site.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)(
  'a server with labs in containers',
  { timeout: 2 * patienceMs },
  () => {
    let site: Site;
    let lab: string;
    beforeAll(async () => {
      site = await startSite({ LOG_LEVEL: 'warn' });
    }, imagesTimeoutMs);
    afterAll(() => site?.stop(), 120_000);

    const containers = async (sandbox: string) => {
      const filters = { label: [...labelFilter(site.installationId).label, `${label.sandbox}=${sandbox}`] };
      return site.direct((docker) => docker.listContainers({ all: true, filters }));
    };
    const components = async () =>
      (await containers(await site.sandboxOf(lab)))
        // What hands volumes over and never runs goes with the lab where its maker was killed.
        .filter(({ Labels }) => Labels[label.role] !== 'job')
        .map(({ Labels, State }) => `${Labels[label.component]} ${Labels[label.generation]} ${State}`)
        .sort();
    async function restart(): Promise<void> {
      await site.kill();
      await site.start();
      await site.trainee().untilReady(lab, patienceMs);
    }

    it('makes the lab that it was killed over, twice', async () => {
      lab = (await site.trainee().create({ template: 'boxed' })).id;
      // Its database is prepared first: killed over that as well.
      await eventually(
        async () => (await site.test.count()).containers !== 0,
        () => 'any container',
        patienceMs,
      );
      await site.kill();
      await site.start();
      await eventually(
        async () => (await containers(await site.sandboxOf(lab))).length > 0,
        () => 'the first container',
        patienceMs,
      );
      await restart();
      expect(await components()).toEqual([
        'api 1 running',
        'database 1 running',
        'gateway_ 1 running',
        'workspace 1 running',
      ]);
      await site.nothingIsOwnerless();
    });

    it('finishes the reset that it was killed over', async () => {
      await site.sql(lab, "update customers set phone = 'mine'");
      await site.inWorkspace(lab, 'echo mine > kept.txt\n');
      const mine = await site.containerOf(lab, 'database');
      await site.trainee().reset(lab);
      await eventually(
        async () => (await site.containerOf(lab, 'database')) !== mine,
        () => 'the reset to begin',
        patienceMs,
      );
      await restart();
      const counted = "select count(*)::int as n from customers where phone = 'mine'";
      expect(await site.sql(lab, counted)).toEqual([{ n: 0 }]);
      expect(await site.inWorkspace(lab, 'cat kept.txt\n')).toMatchObject({ code: 0, stdout: 'Kept.\n' });
      expect(await components()).toEqual([
        'api 2 running',
        'database 2 running',
        'gateway_ 1 running',
        'workspace 2 running',
      ]);
      await site.nothingIsOwnerless();
    });

    it.each([
      ['in the moment of the copy', 0],
      ['in the middle of the trial', 2_000],
    ])('finishes the attempt that it was killed over %s, once', async (_, afterMs) => {
      if (afterMs === 0) await site.sql(lab, 'create table public.reached (at timestamptz not null)');
      const number = await site.trainee().startGrading(lab);
      await eventually(
        async () => (await forks()).length > 0,
        () => 'the fork',
        patienceMs,
      );
      const [before] = await forks();
      await delay(afterMs);
      await restart();
      const attempt = await site.trainee().untilGraded(lab, number);
      expect(attempt.results.map(({ check, verdict }) => [check, verdict])).toEqual([
        ['copied', 'pass'],
        ['kept', 'pass'],
      ]);
      await site.nothingIsOwnerless();
      await eventually(
        async () => (await forks()).length === 0,
        () => 'the forks to be gone',
        patienceMs,
      );
      expect(await containers(before ?? '')).toEqual([]);
      // The lab's own three, and its gateway.
      expect(await site.test.idsOf()).toHaveLength(4);
      expect(await site.test.count()).toMatchObject({ networks: 1, images: 0 });
    });

    it('has left nothing in the engine', async () => {
      await site.endAll();
      await expect
        .poll(() => site.test.count(), { timeout: patienceMs, interval: 500 })
        .toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
    });

    /** Sandboxes of attempts. */
    async function forks(): Promise<readonly string[]> {
      const rows = await site.inDatabase<{ id: string }>(
        "select id from sandboxes where starts_with(owner, 'attempt:') and state <> 'gone'",
      );
      return rows.map(({ id }) => id);
    }
  },
);
