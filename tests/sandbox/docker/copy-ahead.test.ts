import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planFor } from '../../contracts/driver-contract-plans.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { databaseVersion } from '../../support/postgres-lab.ts';
import { type DockerDatabases, startDockerDatabases } from './database-subject.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('what a database in a container begins with', () => {
  const version = databaseVersion({ 'seed.sql': 'create table a as select generate_series(1, 100) as x' });
  const plan = planFor('sb-ahead', version);
  const signal = AbortSignal.timeout(imagesTimeoutMs);
  let test: DockerDatabases;

  beforeAll(async () => {
    test = await startDockerDatabases();
    await test.driver.prepare(version, signal);
    await test.driver.ensure(plan, 'database', signal);
  }, imagesTimeoutMs);
  afterAll(() => test?.stop(), 120_000);

  /** Files that still are the image's alone. */
  async function uncopied(): Promise<readonly string[]> {
    const files = (
      await test.inside(plan.sandboxId, 'database', 'ls -d $PWD/data/base/[1-9]????*/* $PWD/data/global/*')
    ).split(/\s+/);
    const changes = await test.engine.engine.ask(
      'list what a container has changed',
      async (docker) => {
        const label = [`dev.labwright.sandbox=${plan.sandboxId}`, 'dev.labwright.component=database'];
        const [found] = await docker.listContainers({ filters: { label } });
        return (await docker.getContainer(found?.Id ?? '').changes()) as { Path: string }[];
      },
      AbortSignal.timeout(20_000),
    );
    const changed = new Set(changes.map(({ Path }) => Path));
    expect(files.length).toBeGreaterThan(300);
    return files.filter((path) => path !== '' && !changed.has(path));
  }

  it('is copied ahead, so that no session waits for the copy of another', async () => {
    await expect.poll(uncopied, { timeout: 20_000 }).toEqual([]);
  });
});
