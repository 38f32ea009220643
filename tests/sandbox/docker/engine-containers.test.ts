/** Containers on the real engine: made, found again, held, ended, copied, and programs in them. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecLimits } from '../../../src/lab/ports.ts';
import type { ContainerSpec, FoundContainer } from '../../../src/sandbox/containers/types.ts';
import { createContainers } from '../../../src/sandbox/docker/containers.ts';
import { createNetworks } from '../../../src/sandbox/docker/networks.ts';
import { createVolumes } from '../../../src/sandbox/docker/volumes.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import { dockerMissing, requireDocker, silentLog, startTestEngine } from '../../support/docker.ts';

const image = 'debian:trixie-slim';

describe.skipIf(dockerMissing !== null)('containers of sandboxes', () => {
  const test = startTestEngine();
  const { engine, installationId } = test;
  const naming = createNaming(installationId);
  const networks = createNetworks({ ...test, naming, subnets: '10.199.0.0/20' });
  const volumes = createVolumes(engine, installationId, naming, image);
  const containers = createContainers({ ...test, naming, networks, log: silentLog });
  const signal = AbortSignal.timeout(240_000);
  const sandboxId = 'sb-containers';
  const limits = { memoryMb: 96, cpu: 1, pids: 64, diskMb: 100 };

  function specOf(component: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
    return {
      ref: { sandboxId, component, generation: 1 },
      role: 'component',
      image,
      command: ['sleep', '1000'],
      env: {},
      user: '999:999',
      aliases: [component],
      network: true,
      mounts: [],
      writableRoot: false,
      tmpfs: {},
      limits,
      ...more,
    };
  }
  const inside = (id: string, argv: string[], more: Partial<ExecLimits> = {}, within = signal) =>
    containers.exec(
      id,
      { argv, env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
      { timeoutMs: 60_000, maxBytes: 100_000, ...more },
      within,
    );
  const stateOf = async (id: string) =>
    (await containers.find(sandboxId, signal)).find((one) => one.id === id)?.state;
  const direct = <T>(work: Parameters<typeof engine.ask<T>>[1]) => engine.ask('do it', work, signal);

  let box: FoundContainer;
  beforeAll(async () => {
    await networks.ensure(sandboxId, signal);
    await volumes.ensure(sandboxId, ['workspace'], signal);
    box = await containers.ensure(
      specOf('box', {
        mounts: [{ volume: volumes.nameOf(sandboxId, 'workspace'), path: '/lab/workspace', readOnly: false }],
        ownFolder: '/data/own',
        files: new Map([['/data/own/deep/file', { content: Buffer.from('mine\n'), mode: 0o640 }]]),
        command: ['sh', '-c', 'echo started; exec sleep 1000'],
      }),
      signal,
    );
  });
  afterAll(() => test.stop());

  it('is the same one however often it is asked for, at once too', async () => {
    const asked = [1, 2, 3].map(() => containers.ensure(specOf('raced'), signal));
    const ids = new Set((await Promise.all(asked)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    for (const id of ids) await containers.remove(id, signal);
  });

  it('has nobody with rights in it, and no way out', async () => {
    const script = `id -u; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; touch /x; getent hosts box`;
    const { stdout, stderr } = await inside(box.id, ['sh', '-c', script]);
    expect(stdout).toMatch(/^999\n/);
    expect(stdout).toMatch(/CapEff:\s+0000000000000000\nNoNewPrivs:\s+1\nSeccomp:\s+2\n/);
    expect(stdout).toMatch(/\d+ +box\n$/);
    expect(stderr).toMatch(/Read-only file system/);
    const connect = `exec 3<>/dev/tcp/1.1.1.1/53`;
    expect(await inside(box.id, ['bash', '-c', connect])).toMatchObject({ exitCode: 1 });
    expect(await inside(box.id, ['getent', 'hosts', 'example.com'])).toMatchObject({
      exitCode: 2,
      stdout: '',
    });
  });

  it('has its files and its volume, which are the user’s', async () => {
    const script =
      'cat /data/own/deep/file && stat -c "%u %a" /data/own/deep/file && touch /data/own/new && touch /lab/workspace/new';
    expect(await inside(box.id, ['sh', '-c', script])).toMatchObject({
      exitCode: 0,
      stdout: 'mine\n999 640\n',
      stderr: '',
    });
  });

  it('keeps what it held over its end, whoever ended it', async () => {
    const before = await containers.find(sandboxId, signal);
    await containers.kill(box.id, 'KILL', signal);
    await containers.kill(box.id, 'KILL', signal);
    expect(await stateOf(box.id)).toBe('exited');
    expect(await containers.ending(box.id, signal)).toMatch(/137/);
    await containers.ensure(specOf('box'), signal);
    expect(await containers.ending(box.id, signal)).toBeNull();
    expect((await inside(box.id, ['ls', '/data/own'])).stdout).toBe('deep\nnew\n');
    expect(await containers.find(sandboxId, signal)).toEqual(before);
    expect(await containers.logs(box.id, 1_000, signal)).toBe('started\nstarted\n');
    expect(await containers.logs(box.id, 3, signal)).toBe('ed\n');
  });

  it('is held still and released, also by the next who needs it, and ends while it is held', async () => {
    await containers.kill(box.id, 'STOP', signal);
    await containers.kill(box.id, 'STOP', signal);
    expect(await stateOf(box.id)).toBe('paused');
    await expect(inside(box.id, ['true'])).rejects.toMatchObject({ code: 'backend_unavailable' });
    await containers.kill(box.id, 'CONT', signal);
    await containers.kill(box.id, 'CONT', signal);
    expect(await inside(box.id, ['true'])).toMatchObject({ exitCode: 0 });
    await containers.kill(box.id, 'STOP', signal);
    await containers.ensure(specOf('box'), signal);
    expect(await stateOf(box.id)).toBe('running');
    await containers.kill(box.id, 'STOP', signal);
    await containers.stop(box.id, 1_000, signal);
    expect(await stateOf(box.id)).toBe('exited');
    await expect(inside(box.id, ['true'])).rejects.toMatchObject({ code: 'backend_unavailable' });
    await containers.ensure(specOf('box'), signal);
  });

  it('is made anew when it was removed, and finished when its maker was not done', async () => {
    const one = await containers.ensure(specOf('lost'), signal);
    await direct((docker) => docker.getContainer(one.id).remove({ force: true }));
    const two = await containers.ensure(specOf('lost'), signal);
    expect(two.id).not.toBe(one.id);
    const name = naming.database({ sandboxId, component: 'half', generation: 1 });
    const Labels = (await direct((docker) => docker.getContainer(two.id).inspect())).Config.Labels;
    await direct((docker) => docker.createContainer({ name, Image: image, Cmd: ['sleep', '1000'], Labels }));
    expect(await containers.ensure(specOf('half'), signal)).toMatchObject({ name, state: 'running' });
    await containers.remove(two.id, signal);
    await containers.remove(two.id, signal);
  });

  it('comes back to its network when that was taken from it, or removed', async () => {
    const name = await networks.ensure('sb-net', signal);
    const ref = { sandboxId: 'sb-net', component: 'box', generation: 1 };
    const spec = specOf('box', { ref });
    const { id } = await containers.ensure(spec, signal);
    await direct((docker) => docker.getNetwork(name).disconnect({ Container: id, Force: true }));
    await direct((docker) => docker.getNetwork(name).remove());
    expect(await inside(id, ['getent', 'hosts', 'box'])).toMatchObject({ exitCode: 2 });
    await containers.ensure(spec, signal);
    expect(await inside(id, ['getent', 'hosts', 'box'])).toMatchObject({ exitCode: 0 });
    await containers.kill(id, 'KILL', signal);
    await direct((docker) => docker.getNetwork(name).remove());
    await containers.ensure(spec, signal);
    expect(await inside(id, ['getent', 'hosts', 'box'])).toMatchObject({ exitCode: 0 });
    await containers.remove(id, signal);
    await networks.remove('sb-net', signal);
  });

  it('is copied while it runs, and the copy is nobody’s or its owner’s', async () => {
    const writing = specOf('layer', {
      writableRoot: true,
      command: ['sh', '-c', 'echo 1 > /tmp/x; exec sleep 1000'],
      user: '0:0',
    });
    const { id } = await containers.ensure(writing, signal);
    await inside(id, ['true']);
    await direct((docker) => docker.getContainer(id).putArchive(Buffer.alloc(1024), { path: '/' }));
    const copy = await containers.commit(id, { owner: 'sb-fork' }, signal);
    const facts = await direct((docker) => docker.getImage(copy).inspect());
    expect(facts.Config.Labels).toMatchObject({
      'dev.labwright.installation': installationId,
      'dev.labwright.sandbox': 'sb-fork',
      'dev.labwright.component': '',
    });
    expect(await stateOf(id)).toBe('running');
    const clone = await containers.ensure(
      specOf('clone', {
        ref: { sandboxId: 'sb-fork', component: 'clone', generation: 1 },
        network: false,
        image: copy,
      }),
      signal,
    );
    expect(clone).toMatchObject({ sandboxId: 'sb-fork', component: 'clone' });
    for (const one of [clone.id, id]) await containers.remove(one, signal);
    await direct((docker) => docker.getImage(copy).remove());
  });

  it('says why it cannot be started', async () => {
    const never = specOf('never', { tmpfs: { '/proc/own': 1 } });
    await expect(containers.ensure(never, signal)).rejects.toMatchObject({ code: 'start_failed' });
    const [mine] = (await containers.find(sandboxId, signal)).filter(
      ({ component }) => component === 'never',
    );
    expect(await containers.ending(mine?.id ?? '', signal)).toMatch(/cannot be started: .*\/proc/);
    const wrong = await containers.ensure(specOf('wrong', { command: ['/no/such/program'] }), signal);
    await expect
      .poll(() => containers.ending(wrong.id, signal), { timeout: 20_000 })
      .toMatch(/ended with exit code 127/);
    expect(await containers.logs(wrong.id, 1_000, signal)).toMatch(/no\/such\/program/);
    const missing = specOf('missing', { image: 'no-such-image:1' });
    await expect(containers.ensure(missing, signal)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('has no image no-such-image:1'),
    });
    await containers.remove(mine?.id ?? '', signal);
  });

  it('runs a job to its end and leaves nothing of it', async () => {
    const before = await test.count();
    const job = specOf('job', {
      role: 'job',
      network: false,
      command: ['sh', '-c', 'echo out; echo err >&2; exit 4'],
    });
    const both = await Promise.all([containers.run(job, signal), containers.run(job, signal)]);
    for (const result of both) {
      expect(result.exitCode).toBe(4);
      expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
    }
    expect(await test.count()).toEqual(before);
  });

  it('passes words and endings on as they are', async () => {
    const words = ['a b', '$HOME', '`id`', "it's", '"', '*', '', '-n', 'x=y', '\\', 'ü\n'];
    const { stdout } = await inside(box.id, ['printf', '[%s]', ...words]);
    expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
    expect(await inside(box.id, ['sh', '-c', 'exit 7'])).toMatchObject({ exitCode: 7, signal: null });
    expect(await inside(box.id, ['sh', '-c', 'kill -INT $$'])).toMatchObject({
      exitCode: null,
      signal: 'SIGINT',
      stderr: '',
    });
    expect(await inside(box.id, ['no-such'])).toMatchObject({ exitCode: 127 });
    expect(await inside(box.id, [])).toMatchObject({ exitCode: 127 });
    expect(await inside(box.id, ['/etc/passwd'])).toMatchObject({ exitCode: 126 });
    expect(await inside(box.id, ['cat'])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('ends a program with what it started, at its limits and when nobody waits', async () => {
    const two = ['sh', '-c', 'sleep 61 & sleep 62'];
    expect(await inside(box.id, two, { timeoutMs: 200 })).toMatchObject({ timedOut: true, exitCode: null });
    await expect(inside(box.id, two, {}, AbortSignal.timeout(400))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const left = await inside(box.id, ['sh', '-c', 'sleep 63 & sleep 64 > /dev/null 2>&1 & echo said']);
    expect(left).toMatchObject({ exitCode: 0, stdout: 'said\n' });
    expect(await inside(box.id, ['yes'], { maxBytes: 10_000 })).toMatchObject({ truncated: true });
    const all = await inside(box.id, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
    expect(all.stdout).toContain('sleep 1000');
    expect(all.stdout).not.toMatch(/sleep 6|yes/);
  });

  it('brings large output whole', async () => {
    const script = 'i=0; while [ $i -lt 20000 ]; do echo "line $i"; echo e >&2; i=$((i+1)); done';
    const result = await inside(box.id, ['sh', '-c', script], { maxBytes: 1_000_000 });
    expect(result.stdout.split('\n')).toHaveLength(20_001);
    expect(result.stdout.endsWith('line 19999\n')).toBe(true);
    expect(result.stderr).toBe('e\n'.repeat(20_000));
  });

  it('is a byte stream to a program, both ways, with an end', async () => {
    const stream = await containers.pipe(box.id, ['sh', '-c', 'cat; echo over; echo aside >&2'], signal);
    const bytes = 'x'.repeat(3_000_000);
    stream.end(bytes);
    expect(await text(stream)).toBe(`${bytes}over\n`);
  });

  it('is a terminal, which ends when nobody looks any more', async () => {
    const shell = { argv: ['bash', '--norc', '-i'], env: { PATH: '/usr/bin:/bin', PS1: '> ' }, cwd: '/tmp' };
    const terminal = await containers.terminal(box.id, shell, { cols: 91, rows: 17 }, signal);
    let shown = '';
    terminal.stream.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
    });
    terminal.stream.write('stty size; pwd; sleep 333 &\n');
    await expect.poll(() => shown, { timeout: 20_000 }).toMatch(/17 91\r\n\/tmp\r\n/);
    expect(shown).not.toMatch(/^\d+\r\n/);
    await terminal.resize({ cols: 40, rows: 9 });
    terminal.stream.write('stty size\n');
    await expect.poll(() => shown, { timeout: 20_000 }).toMatch(/9 40/);
    terminal.stream.destroy();
    await terminal.ended;
    const left = async () => (await inside(box.id, ['sh', '-c', 'cat /proc/[0-9]*/cmdline'])).stdout;
    await expect.poll(left, { timeout: 20_000 }).not.toMatch(/norc|333/);
    const second = await containers.terminal(box.id, shell, { cols: 80, rows: 24 }, signal);
    second.stream.resume();
    second.stream.write('exit 5\n');
    expect(await second.ended).toBe(5);
  });

  it('leaves nothing behind', async () => {
    for (const { id } of await containers.find(sandboxId, signal)) await containers.remove(id, signal);
    await networks.remove(sandboxId, signal);
    await volumes.remove(sandboxId, signal);
    expect(await test.count()).toEqual({ containers: 0, networks: 0, volumes: 0, images: 0 });
  });
});

requireDocker();
