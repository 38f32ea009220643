/** Containers as bare pods, on the real cluster. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { V1Pod, V1Secret, V1Service } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { createPodDial } from '../../../src/sandbox/kubernetes/dial/pod-dial.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { createPodCache } from '../../../src/sandbox/kubernetes/pod-cache.ts';
import { placeOf } from '../../../src/sandbox/kubernetes/pods/found-pod.ts';
import {
  createPodContainers,
  type PodContainers,
} from '../../../src/sandbox/kubernetes/pods/pod-containers.ts';
import type { PodSpec } from '../../../src/sandbox/kubernetes/pods/pod-spec.ts';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import {
  kubernetesMissing,
  requireKubernetes,
  silentLog,
  startTestCluster,
  type TestCluster,
} from '../../support/kubernetes.ts';
import { planOf } from './plans.ts';

requireKubernetes();

const limits = { memoryMb: 96, cpu: 1, pids: 64, diskMb: 64 };
const serves = `
  const { createServer } = require('node:http');
  console.log('began with', process.env.SECRET);
  process.stdout.write('no end');
  createServer((asked, answer) => {
    if (asked.url === '/crash') process.exit(9);
    if (asked.url === '/grow') for (const all = []; ; ) all.push(Buffer.alloc(8_000_000, 1));
    answer.end(asked.url === '/file' ? require('node:fs').readFileSync('/lab/web/deep/file.txt') : 'well');
  }).listen(8080);`;
const patient = { timeout: 60_000, interval: 100 };

describe.skipIf(kubernetesMissing !== null)('containers as pods', { timeout: 240_000 }, () => {
  const signal = AbortSignal.timeout(900_000);
  const plan: SandboxPlan = planOf(`sb-pods-${randomBytes(4).toString('hex')}`);
  let world: TestCluster & {
    readonly containers: PodContainers;
    readonly ask: (id: string, path: string) => Promise<string>;
    readonly troubles: string[];
    readonly close: () => Promise<void>;
  };

  beforeAll(async () => {
    const test = startTestCluster();
    const { cluster, installationId } = test;
    const cache = createPodCache({ cluster, installationId, log: silentLog });
    const spaces = createSpaces({ cluster, installationId, own: null });
    const exec = createPodExec(cluster.config);
    const dial = createPodDial({ config: cluster.config, way: 'port-forward', podOf: async () => null });
    const troubles: string[] = [];
    cache.onTrouble((sandboxId) => troubles.push(sandboxId));
    await spaces.ensure(plan, signal);
    const containers = createPodContainers({
      ...{ cluster, cache, spaces, exec, installationId, storageClass: null, runtimeClass: null },
      packed: () => Promise.reject(new Error('nothing runs from a workspace here')),
      log: silentLog,
    });
    world = {
      ...test,
      containers,
      troubles,
      async ask(id, path) {
        const { namespace, pod } = placeOf(id);
        const stream = await dial.dial(namespace, pod, 8080, signal);
        stream.write(`GET ${path} HTTP/1.0\r\n\r\n`);
        let said = '';
        stream.on('data', (bytes: Buffer) => {
          said += bytes.toString();
        });
        stream.on('error', () => {});
        if (!stream.closed) await once(stream, 'close').catch(() => {});
        return said.split('\r\n\r\n')[1] ?? '';
      },
      close: () => cache.close(),
    };
  });
  afterAll(async () => {
    await world?.close();
    await world?.stop();
  });

  const spec = (component: string, more: Partial<PodSpec> = {}): PodSpec => ({
    ref: { sandboxId: plan.sandboxId, component, generation: 1 },
    role: 'component',
    image: 'node:24-slim',
    entrypoint: ['node', '-e'],
    command: [serves],
    env: { SECRET: 'hidden $(HOME) words' },
    user: '999:999',
    aliases: [component],
    ports: [8080],
    network: true,
    mounts: [],
    writableRoot: false,
    tmpfs: { '/opt/mask': 1 },
    limits,
    ...more,
  });
  const web = spec('web', {
    ownFolder: '/lab/web',
    files: new Map([['/lab/web/deep/file.txt', { content: Buffer.from('of the template'), mode: 0o600 }]]),
  });
  const stateOf = async (id: string) =>
    (await world.containers.find(plan.sandboxId, signal)).find((one) => one.id === id)?.state;
  const answers = (id: string, path = '/') =>
    expect.poll(() => world.ask(id, path).catch(() => ''), patient).not.toBe('');
  const run = async (id: string, script: string) =>
    world.containers.exec(
      id,
      { argv: ['sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
      { timeoutMs: 20_000, maxBytes: 10_000 },
      signal,
    );

  it('runs with its files and secrets, and is found by its name', async () => {
    const { containers, cluster } = world;
    const [one, same] = await Promise.all([containers.ensure(web, signal), containers.ensure(web, signal)]);
    expect(same.id).toBe(one.id);
    await answers(one.id);
    expect(await world.ask(one.id, '/file')).toBe('of the template');
    expect(await containers.logs(one.id, 1_000, signal)).toContain('began with hidden $(HOME) words\n');
    expect(await containers.ending(one.id, signal)).toBeNull();
    const { namespace, pod } = placeOf(one.id);
    const kind = { apiVersion: 'v1', namespace };
    const object = await cluster.read<V1Pod>({ ...kind, kind: 'Pod', name: pod }, signal);
    expect(JSON.stringify(object)).not.toContain('hidden');
    const service = await cluster.read<V1Service>({ ...kind, kind: 'Service', name: 'web' }, signal);
    expect(service?.spec?.clusterIP).toMatch(/\d/);
  });

  it('has its pod before it is begun, and begins in it', async () => {
    const { containers } = world;
    const soon = spec('soon');
    await containers.early?.(soon, signal);
    const find = async () =>
      (await containers.find(plan.sandboxId, signal)).filter(({ component }) => component === 'soon');
    const [early] = await find();
    if (early === undefined) throw new Error('it has no pod');
    const runs = () => run(early.id, 'echo runs').then(({ stdout }) => stdout);
    await expect.poll(() => runs().catch(() => ''), patient).toBe('runs\n');
    expect(await stateOf(early.id)).toBe('created');
    expect(await containers.logs(early.id, 1_000, signal)).toBe('');
    expect(await containers.ensure(soon, signal)).toMatchObject({ id: early.id, state: 'running' });
    await answers(early.id);
    expect(await stateOf(early.id)).toBe('running');
    // What is there is left as it is.
    await containers.early?.({ ...soon, ref: { ...soon.ref, generation: 2 } }, signal);
    expect(await find()).toHaveLength(1);
    await containers.remove(early.id, signal);
  });

  it('is held as the cluster is told to', async () => {
    const { id } = await world.containers.ensure(web, signal);
    const { stdout } = await run(
      id,
      `id -u; touch /x /opt/mask/x; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; ls /var/run/secrets 2>&1; env | grep -c SERVICE_HOST`,
    );
    expect(stdout).toMatch(/^999\n/);
    expect(stdout).toMatch(/CapEff:\s+0+\n/);
    expect(stdout).toMatch(/NoNewPrivs:\s+1\n/);
    expect(stdout).toMatch(/Seccomp:\s+2\n/);
    expect(stdout).toContain('No such file');
    expect(stdout).toMatch(/\n0\n$/);
    expect((await run(id, 'touch /x')).stderr).toContain('Read-only file system');
  });

  it('ends, holds and starts its program in place, with what it holds', async () => {
    const { containers, troubles } = world;
    const { id } = await containers.ensure(web, signal);
    await answers(id);
    const before = await run(id, 'echo kept > /lab/web/kept; cat /labwright/state/run');
    await containers.restart(id, signal);
    await answers(id);
    expect((await run(id, 'cat /lab/web/kept')).stdout).toBe('kept\n');
    expect((await run(id, 'cat /labwright/state/run')).stdout).not.toBe(before.stdout);
    // Only what was printed since: it begins once, whatever was before it.
    expect((await containers.logs(id, 10_000, signal, 'this run')).match(/began with/g)).toHaveLength(1);
    expect((await containers.logs(id, 10_000, signal)).match(/began with/g)?.length).toBeGreaterThan(1);
    troubles.length = 0;
    await containers.kill(id, 'STOP', signal);
    expect(await stateOf(id)).toBe('paused');
    const held = Promise.race([world.ask(id, '/'), new Promise((done) => setTimeout(done, 1_000, 'held'))]);
    expect(await held).toBe('held');
    await containers.kill(id, 'CONT', signal);
    expect(await stateOf(id)).toBe('running');
    await answers(id);
    for (const [how, code] of [
      ['KILL', 137],
      ['TERM', 143],
    ] as const) {
      await containers.kill(id, how, signal);
      expect(await stateOf(id)).toBe('exited');
      expect(await containers.ending(id, signal)).toBe(`ended with exit code ${code}`);
      await containers.kill(id, how, signal);
      expect((await containers.ensure(web, signal)).state).toBe('running');
      await answers(id);
    }
    await containers.stop(id, 2_000, signal);
    await containers.stop(id, 2_000, signal);
    expect(await stateOf(id)).toBe('exited');
    expect(await world.ask(id, '/').catch(() => '')).toBe('');
    expect(troubles).toEqual([]);
    await containers.restart(id, signal);
    await answers(id);
  });

  it('ends what takes too long over its end, with all that it has started', async () => {
    const { containers } = world;
    const script = `trap '' TERM; setsid sleep 4711 & while :; do sleep 1; done`;
    const stubborn = spec('stubborn', { entrypoint: ['sh', '-c'], command: [script], ports: [] });
    const { id } = await containers.ensure(stubborn, signal);
    // Not the script that has the word, too.
    const sleeping = async () =>
      (await run(id, 'cat /proc/[0-9]*/cmdline')).stdout.includes('sleep\u00004711');
    await expect.poll(sleeping, patient).toBe(true);
    await containers.stop(id, 500, signal);
    expect(await sleeping()).toBe(false);
    expect(await containers.ending(id, signal)).toBe('ended with exit code 137');
    await containers.remove(id, signal);
  });

  it('tells that a program ended by itself, and why', async () => {
    const { containers, troubles } = world;
    const { id } = await containers.ensure(web, signal);
    await answers(id);
    const ready = async () => {
      const [pod] = (await world.pods()).filter(({ metadata }) => metadata?.name === placeOf(id).pod);
      return pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    };
    await expect.poll(ready, patient).toBe('True');
    troubles.length = 0;
    await world.ask(id, '/crash').catch(() => '');
    await expect.poll(() => containers.ending(id, signal), patient).toBe('ended with exit code 9');
    await expect.poll(() => troubles, patient).toContain(plan.sandboxId);
    await containers.ensure(web, signal);
    await answers(id);
    await world.ask(id, '/grow').catch(() => '');
    await expect
      .poll(() => containers.ending(id, signal), patient)
      .toBe('was ended: it took more than its memory');
  });

  it('says what cannot be started', async () => {
    const { containers } = world;
    const nowhere = spec('nowhere', { image: 'registry.invalid/none:1' });
    await expect(containers.ensure(nowhere, signal)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('registry.invalid/none:1'),
    });
    const { id } = await containers.ensure(spec('typo', { entrypoint: ['no-such'], command: [] }), signal);
    await expect.poll(() => containers.ending(id, signal), patient).toBe('ended with exit code 127');
    expect(await containers.logs(id, 1_000, signal)).toContain('no-such');
  });

  it('runs an image of another’s as its user, and never as root', async () => {
    const { containers } = world;
    const idle = {
      entrypoint: ['sh', '-c'],
      command: ['id -u; sleep 600'],
      user: 'image',
      ports: [],
    } as const;
    const { id } = await containers.ensure(spec('theirs', { ...idle, image: 'busybox:1' }), signal);
    await expect.poll(() => containers.logs(id, 100, signal), patient).toBe('999\n');
    await containers.restart(id, signal);
    await expect.poll(() => stateOf(id), patient).toBe('running');
    await containers.kill(id, 'KILL', signal);
    expect(await stateOf(id)).toBeUndefined();
  });

  it('runs jobs to their end, and leaves nothing of them', async () => {
    const { containers, cluster } = world;
    const job = spec('job', {
      ...{ role: 'job', aliases: [], ports: [], ownFolder: '/lab/job' },
      files: new Map([['/lab/job/in', { content: Buffer.from('word'), mode: 0o600 }]]),
      ...{ entrypoint: ['sh', '-c'], command: ['cat /lab/job/in; exit 3'] },
    });
    expect(await containers.run(job, signal)).toEqual({ exitCode: 3, output: 'word' });
    const { namespace } = placeOf((await containers.ensure(web, signal)).id);
    const secrets = await cluster.list<V1Secret>({ apiVersion: 'v1', kind: 'Secret', namespace }, signal);
    expect(secrets.filter(({ metadata }) => metadata?.name?.startsWith('job'))).toEqual([]);
  });

  it('is not entered before it is whole, and goes with all that is its own', async () => {
    const { containers, cluster } = world;
    const idles = spec('entered', { idles: true, unfilled: true, ports: [] });
    const { id } = await containers.ensure(idles, signal);
    expect(await stateOf(id)).toBe('created');
    await containers.open(id, signal);
    expect(await stateOf(id)).toBe('running');
    await containers.put(id, '/tmp/note', Buffer.from('put'), signal);
    expect((await run(id, 'cat /tmp/note; stat -c " %a" /tmp/note')).stdout).toBe('put 600\n');
    await run(id, 'setsid sleep 4712 > /dev/null 2>&1 &');
    await containers.restart(id, signal);
    expect((await run(id, 'cat /proc/[0-9]*/cmdline')).stdout).not.toContain('4712');
    await containers.remove(id, signal);
    await containers.remove(id, signal);
    const { namespace } = placeOf(id);
    const secrets = await cluster.list<V1Secret>({ apiVersion: 'v1', kind: 'Secret', namespace }, signal);
    expect(secrets.filter(({ metadata }) => metadata?.name?.startsWith('entered'))).toEqual([]);
    expect(await stateOf(id)).toBeUndefined();
  });
});
