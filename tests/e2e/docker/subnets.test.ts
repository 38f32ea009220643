/** More labs than there is room for in the pool of networks: those who are too many wait, and say for what. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { eventually, uniqueName } from '../support.ts';
import { patienceMs, type Site, startSite } from './site.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('a pool with room for two labs', { timeout: 2 * patienceMs }, () => {
  /** The smallest pool has sixteen networks; these are fourteen of them. Another one each time, for runs side by side. */
  const pool = `10.225.${randomInt(256)}`;
  const others = [`${pool}.0/25`, `${pool}.128/26`, `${pool}.192/27`];
  const taken: string[] = [];
  let site: Site;

  beforeAll(async () => {
    site = await startSite({ DOCKER_SUBNETS: `${pool}.0/24` });
    for (const Subnet of others) {
      const options = {
        Name: uniqueName('labwright-test'),
        Internal: true,
        IPAM: { Driver: 'default', Config: [{ Subnet }] },
      };
      taken.push((await site.direct((docker) => docker.createNetwork(options))).id);
    }
  }, imagesTimeoutMs);
  afterAll(async () => {
    for (const id of taken) await site.direct((docker) => docker.getNetwork(id).remove());
    await site?.stop();
  }, 120_000);

  it('lets the third wait until one has ended, however long that takes', async () => {
    const trainee = site.trainee();
    const labs: string[] = [];
    for (let number = 0; number < 3; number += 1)
      labs.push((await trainee.create({ template: 'boxed-shell' })).id);
    const statuses = async () => Promise.all(labs.map(async (id) => (await trainee.lab(id)).status));
    await eventually(
      async () => (await statuses()).filter((one) => one === 'ready').length === 2,
      () => 'two labs that are ready',
      patienceMs,
    );
    const third = labs[(await statuses()).findIndex((one) => one !== 'ready')] ?? '';
    const says = async () => (await site.instructor().lab(third)).message;
    await eventually(
      async () => (await says()).includes(`DOCKER_SUBNETS (${pool}.0/24)`),
      () => 'the third lab to say what it waits for',
      patienceMs,
    );
    const [first = ''] = labs.filter((id) => id !== third);
    await trainee.remove(first);
    await trainee.untilEnded(first, patienceMs);
    await trainee.untilReady(third, patienceMs);
    await site.endAll();
    await expect
      .poll(() => site.test.count(), { timeout: patienceMs, interval: 500 })
      .toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
  });
});
