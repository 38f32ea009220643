/** What others do to a lab in the engine: it is seen, and the next `ensure` makes it good with what it held. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import type { DockerDriver } from '../../../src/sandbox/docker/docker-driver.ts';
import { label } from '../../../src/sandbox/docker/labels.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import { contractVersion, planFor } from '../../contracts/driver-contract-plans.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { type DockerSubject, startDockerDriver } from '../../support/docker-driver.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('a lab in an engine of others', { timeout: 90_000 }, () => {
  const version = contractVersion();
  let subject: DockerSubject;
  let driver: DockerDriver;
  let plan: SandboxPlan;
  let signal: AbortSignal;

  /** A workspace alone: what is tried is the engine's, and not a component's. */
  function shellOf(sandboxId: string): SandboxPlan {
    const { workspace } = planFor(sandboxId, version).components;
    if (workspace === undefined) throw new Error('no workspace');
    return { ...planFor(sandboxId, version), components: { workspace } };
  }
  const limits = { timeoutMs: 30_000, maxBytes: 1_000 };
  const run = (...argv: string[]) => driver.exec(plan, 'workspace', argv, limits, signal);
  const stateOf = async () => (await driver.observe(plan, signal)).components.workspace?.state ?? 'absent';
  const direct = <T>(work: Parameters<DockerSubject['test']['engine']['ask']>[1]) =>
    subject.test.engine.ask('do harm', work, signal) as Promise<T>;
  const harm = async (component: string, work: (id: string) => Parameters<typeof direct>[0]) =>
    direct(work(await subject.containerOf(plan.sandboxId, component)));
  /** It is seen, and made good, with what was written to the workspace. */
  async function isMadeGood(): Promise<void> {
    await driver.ensure(plan, 'workspace', signal);
    expect(await stateOf()).toBe('running');
    expect(await run('cat', 'mine.txt')).toMatchObject({ exitCode: 0, stdout: 'kept\n' });
    const query = { glob: 'mine.txt', maxFiles: 1, maxBytesEach: 100 };
    expect(await driver.readFiles(plan, 'workspace', query, signal)).toHaveLength(1);
  }
  const gatewayName = 'gateway_';

  beforeAll(() => ensureImages(), imagesTimeoutMs);
  beforeAll(async () => {
    subject = await startDockerDriver();
    driver = subject.driver;
    signal = AbortSignal.timeout(600_000);
    plan = shellOf('sb-faults');
    await driver.ensure(plan, 'workspace', signal);
    await driver.writeFile(plan, 'workspace', 'mine.txt', Buffer.from('kept\n'), signal);
  }, 120_000);
  afterAll(() => subject?.stop(), 120_000);

  it('outlives its container', async () => {
    await harm('workspace', (id) => (docker) => docker.getContainer(id).remove({ force: true }));
    expect(await stateOf()).toBe('absent');
    await expect(run('true')).rejects.toMatchObject({ code: 'backend_unavailable' });
    await isMadeGood();
  });

  it('outlives a kill', async () => {
    const heard = new Promise<string>((resolve) => driver.onTrouble(resolve));
    await harm('workspace', (id) => (docker) => docker.getContainer(id).kill());
    expect(await heard).toBe(plan.sandboxId);
    expect(await stateOf()).toBe('broken');
    await isMadeGood();
  });

  it('is let go of when it is held still', async () => {
    await harm('workspace', (id) => (docker) => docker.getContainer(id).pause());
    expect(await stateOf()).toBe('broken');
    await isMadeGood();
  });

  it('gets a gateway again that was removed, killed or held still', async () => {
    await harm(gatewayName, (id) => (docker) => docker.getContainer(id).remove({ force: true }));
    // A look that fails would tell nobody what is to be made good.
    expect(await stateOf()).toBe('broken');
    await isMadeGood();
    await harm(gatewayName, (id) => (docker) => docker.getContainer(id).kill());
    await isMadeGood();
    await harm(gatewayName, (id) => (docker) => docker.getContainer(id).pause());
    await isMadeGood();
  });

  it('gets a network again that was taken from it and removed', async () => {
    const network = `${createNaming(subject.test.installationId).sandboxPrefix(plan.sandboxId)}net`;
    for (const component of ['workspace', gatewayName]) {
      await harm(
        component,
        (id) => (docker) => docker.getNetwork(network).disconnect({ Container: id, Force: true }),
      );
    }
    await direct((docker) => docker.getNetwork(network).remove());
    await isMadeGood();
    expect(await run('getent', 'hosts', 'workspace')).toMatchObject({ exitCode: 0 });
  });

  it('is finished by another Labwright where its maker was killed', async () => {
    const other = subject.another();
    await other.ensure(plan, 'workspace', signal);
    expect((await other.list(signal)).map(({ sandboxId }) => sandboxId)).toEqual([plan.sandboxId]);
    await other.destroy(plan.sandboxId, signal);
    await other.close();
    expect(await driver.observe(plan, signal)).toEqual({ components: {} });
    expect(await driver.list(signal)).toEqual([]);
    expect(await subject.count()).toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
  });

  it('waits for a network while all are in use', async () => {
    const small = subject.another({ subnets: '10.196.5.0/28' });
    const [first, second] = [shellOf('sb-first'), shellOf('sb-second')];
    await small.ensure(first, 'workspace', signal);
    await expect(small.ensure(second, 'workspace', signal)).rejects.toMatchObject({
      code: 'backend_busy',
      message: expect.stringContaining('DOCKER_SUBNETS (10.196.5.0/28)'),
    });
    await small.destroy('sb-first', signal);
    await small.ensure(second, 'workspace', signal);
    await small.destroy('sb-second', signal);
    await small.close();
  });

  it('says which images it lacks, and how to get them', async () => {
    const images = { labwright: 'labwright:none', workspace: 'w', postgres: 'postgres:17', redis: 'r:1' };
    const lacking = subject.another({ images });
    await lacking.check(signal);
    expect(lacking.lacks(version)).toEqual([
      'The Docker Engine has no image labwright:none; get it by: docker build -t labwright:none .',
      'The Docker Engine has no image w; get it by: docker build -t w --target workspace .',
    ]);
    expect(driver.lacks(version)).toEqual([]);
    await lacking.close();
  });

  it('hears within moments of an image that has come, and of one that has gone', async () => {
    const tag = `labwright-test-${Math.floor(Math.random() * 1e9)}`;
    const waiting = subject.another({
      images: { labwright: 'labwright:none', workspace: tag, postgres: 'postgres:17', redis: 'redis:8' },
    });
    await waiting.check(signal);
    const lacksIt = () => waiting.lacks(version).some((line) => line.includes(tag));
    expect(lacksIt()).toBe(true);
    await direct((docker) => docker.getImage('postgres:17').tag({ repo: tag, tag: 'latest' }));
    await expect.poll(lacksIt, { timeout: 30_000 }).toBe(false);
    await direct((docker) => docker.getImage(`${tag}:latest`).remove({ noprune: true }));
    await expect.poll(lacksIt, { timeout: 30_000 }).toBe(true);
    await waiting.close();
  });

  it('says what is wrong with an engine, in every way of asking', async () => {
    const host = 'unix:///no/such/docker.sock';
    const away = subject.another({ host });
    const told = {
      code: 'backend_unavailable',
      message: `The Docker Engine at ${host} does not answer: is it running?`,
    };
    await expect(away.check(signal)).rejects.toMatchObject(told);
    await expect(away.ensure(plan, 'workspace', signal)).rejects.toMatchObject(told);
    await expect(away.list(signal)).rejects.toMatchObject(told);
    await expect(away.destroy('sb-x', signal)).rejects.toMatchObject(told);
    await expect(away.observe(plan, signal)).rejects.toMatchObject(told);
    await expect(away.prepare(version, signal)).rejects.toMatchObject(told);
    // What is not known is not said to be missing.
    expect(away.lacks(version)).toEqual([]);
    await away.close();
  });

  it('keeps files that others were copied from listed until they can go', async () => {
    const origin = shellOf('sb-origin');
    await driver.ensure(origin, 'workspace', signal);
    await driver.writeFile(origin, 'workspace', 'mine.txt', Buffer.from('copied\n'), signal);
    const fork = { ...shellOf('sb-copy'), origin };
    await driver.ensure(fork, 'workspace', signal);
    await driver.destroy('sb-origin', signal);
    expect(await driver.exec(fork, 'workspace', ['cat', 'mine.txt'], limits, signal)).toMatchObject({
      stdout: 'copied\n',
    });
    await driver.destroy('sb-copy', signal);
    for (const { sandboxId } of await driver.list(signal)) await driver.destroy(sandboxId, signal);
    expect(await subject.count()).toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
  });

  it('ends terminals with the driver that opened them', async () => {
    const opening = subject.another();
    const lab = shellOf('sb-terminal');
    await opening.ensure(lab, 'workspace', signal);
    const terminal = await opening.terminal(lab, 'workspace', { cols: 80, rows: 24 }, signal);
    const marked = `sleep 400.${Math.floor(Math.random() * 1e9)}`;
    terminal.stream.resume();
    terminal.stream.write(`${marked}\n`);
    await expect.poll(() => subject.runs(marked), { timeout: 30_000 }).toBe(true);
    await opening.close();
    await expect.poll(() => subject.runs(marked), { timeout: 30_000 }).toBe(false);
    await driver.destroy('sb-terminal', signal);
  });

  it('leaves alone what is another installation’s', async () => {
    const mine = shellOf('sb-shared-id');
    await driver.ensure(mine, 'workspace', signal);
    const stranger = await startDockerDriver();
    await stranger.driver.destroy('sb-shared-id', signal);
    expect(await stranger.driver.list(signal)).toEqual([]);
    expect((await driver.observe(mine, signal)).components.workspace?.state).toBe('running');
    await stranger.stop();
    const [one] = await direct<{ Labels: Record<string, string> }[]>((docker) =>
      docker.listContainers({ filters: { label: [`${label.sandbox}=sb-shared-id`] } }),
    );
    expect(one?.Labels[label.installation]).toBe(subject.test.installationId);
  });
});
