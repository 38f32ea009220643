/** Programs in pods and connections to them, over the real cluster's API. */
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPodDial } from '../../../src/sandbox/kubernetes/dial/pod-dial.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import type { PodDial, PodExec } from '../../../src/sandbox/kubernetes/types.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { type PodWorld, startPodWorld } from './pod-world.ts';

const megabyte = 1024 * 1024;
const server = `
  const { createServer } = require('node:net');
  require('node:http').createServer((asked, answer) => asked.pipe(answer)).listen(8080);
  createServer((socket) => { socket.on('error', () => {}); socket.resume(); setTimeout(() => socket.end('bye'), 300); }).listen(8081);
  createServer((socket) => { socket.on('error', () => {}); socket.once('data', () => { socket.write(Buffer.alloc(${20 * megabyte}, 'x')); socket.end(); }); }).listen(8082);
`;

describe('requirements', () => requireKubernetes());

describe.skipIf(kubernetesMissing !== null)('programs in pods', { timeout: 120_000 }, () => {
  const signal = AbortSignal.timeout(600_000);
  let world: PodWorld;
  let exec: PodExec;
  let dial: PodDial;

  beforeAll(async () => {
    world = await startPodWorld('node:24-slim', ['node', '-e', server]);
    const { config } = world.cluster;
    exec = createPodExec(config);
    dial = createPodDial({ config, way: 'port-forward', podOf: async () => null });
    // Its servers begin a moment after its container.
    for (;;) {
      const listening = await open(8082).catch(() => null);
      if (listening !== null) return void listening.destroy();
      await delay(100, undefined, { signal });
    }
  });
  afterAll(() => world?.stop());

  const run = (argv: readonly string[], stdin = false) => exec.open(world.at, argv, { stdin }, signal);
  const open = (port: number) => dial.dial(world.at.namespace, world.at.pod, port, signal);

  it('gives both outputs apart and the exit code', async () => {
    const program = await run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    let said = '';
    program.onError((bytes) => {
      said += bytes.toString();
    });
    expect(await text(program.stream)).toBe('out\n');
    expect(await program.exitCode).toBe(7);
    expect(said).toBe('err\n');
    const good = await run(['true']);
    good.stream.resume();
    expect(await good.exitCode).toBe(0);
  });

  it('takes input, and tells its end while it is still read from', async () => {
    const program = await run(['sh', '-c', 'cat; sleep 0.2; echo after'], true);
    program.stream.write('one ');
    program.stream.end('two ');
    expect(await text(program.stream)).toBe('one two after\n');
    expect(await program.exitCode).toBe(0);
  });

  it('carries many bytes both ways, unchanged', async () => {
    const program = await run(['sha256sum'], true);
    program.stream.end(Buffer.alloc(8 * megabyte, 'abc'));
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256')
      .update(Buffer.alloc(8 * megabyte, 'abc'))
      .digest('hex');
    expect(await text(program.stream)).toContain(hash);
  });

  it('holds a program back that nobody reads', async () => {
    const program = await run(['sh', '-c', 'head -c 100000000 /dev/zero; echo done >&2']);
    let isDone = false;
    program.onError(() => {
      isDone = true;
    });
    await once(program.stream, 'readable');
    await delay(500);
    expect(isDone).toBe(false);
    expect(program.stream.readableLength).toBeLessThan(4 * megabyte);
    let bytes = 0;
    for await (const piece of program.stream) bytes += (piece as Buffer).byteLength;
    expect(bytes).toBe(100_000_000);
    expect(await program.exitCode).toBe(0);
  });

  it('has terminals of any size', async () => {
    const tty = { cols: 100, rows: 30 };
    const program = await exec.open(world.at, ['sh'], { stdin: true, tty }, signal);
    let shown = '';
    program.stream.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
    });
    program.stream.write('stty size\n');
    await expect.poll(() => shown, { timeout: 20_000 }).toContain('30 100');
    program.resize(90, 20);
    const size = () => {
      program.stream.write('stty size\n');
      return shown;
    };
    await expect.poll(size, { timeout: 20_000, interval: 200 }).toContain('20 90');
    program.stream.write('exit 3\n');
    expect(await program.exitCode).toBe(3);
  });

  it('says what cannot be run, and that a pod or a container is not there', async () => {
    const program = await run(['no-such-program']);
    await expect(text(program.stream)).rejects.toMatchObject({
      code: 'backend_unavailable',
      extra: { reason: 'not_started' },
    });
    expect(await program.exitCode).toBeNull();
    for (const at of [
      { ...world.at, pod: 'none' },
      { ...world.at, container: 'none' },
    ]) {
      await expect(exec.open(at, ['true'], { stdin: false }, signal)).rejects.toMatchObject({
        code: 'backend_unavailable',
        extra: { reason: 'not_running' },
      });
    }
    await expect(
      run(['true']).then(() => exec.open(world.at, ['true'], { stdin: false }, AbortSignal.abort('left'))),
    ).rejects.toBe('left');
  });

  it('connects to ports, many at once', async () => {
    const ask = async (body: string) => {
      const stream = await open(8080);
      const asked = request({ method: 'POST', createConnection: () => stream });
      asked.end(body);
      const [answer] = await once(asked, 'response');
      return text(answer);
    };
    const bodies = Array.from({ length: 8 }, (_, number) => `body ${number} ${'.'.repeat(100_000)}`);
    expect(await Promise.all(bodies.map(ask))).toEqual(bodies);
  });

  it('ends a connection as the other side does, and carries much', async () => {
    const stream = await open(8081);
    stream.write('hello');
    expect(await text(stream)).toBe('bye');
    const large = await open(8082);
    large.write('go');
    await delay(300);
    expect(large.readableLength).toBeLessThan(4 * megabyte);
    let bytes = 0;
    for await (const piece of large) bytes += (piece as Buffer).byteLength;
    expect(bytes).toBe(20 * megabyte);
  });

  it('says that nothing listens, and that a pod is not there', async () => {
    for (let time = 0; time < 5; time++) {
      await expect(open(9)).rejects.toMatchObject({
        code: 'backend_unavailable',
        extra: { reason: 'refused' },
      });
    }
    await expect(dial.dial(world.at.namespace, 'none', 80, signal)).rejects.toMatchObject({
      code: 'backend_unavailable',
    });
  });
});
