import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';
import { type GatewayWorld, startGatewayWorld } from './gateway-world.ts';

const echo = `require('net').createServer({ allowHalfOpen: true }, (s) => s.on('error', () => {}).pipe(s)).listen(3000)`;

requireDocker();

describe.skipIf(dockerMissing !== null)('the gateway of a lab', { timeout: 180_000 }, () => {
  const signal = AbortSignal.timeout(30 * 60_000);
  const plan = { sandboxId: 'sb-gateway', workspaces: [], originId: null };
  let world: GatewayWorld;

  const talk = async (host: string, port = 3000, of = plan.sandboxId) => {
    const stream = await (await world.gateways.open(of, signal)).dial(host, port, signal);
    stream.end('hello');
    return text(stream);
  };
  const found = async (role: string, of = plan.sandboxId) =>
    (await world.containers.find(of, signal)).find((one) => one.role === role);
  /** What runs in the gateway, by its command line. */
  const running = async () => {
    const gateway = await found('gateway');
    const { Processes } = await world.engine.ask(
      'look at processes',
      (docker) => docker.getContainer(gateway?.id ?? '').top(),
      signal,
    );
    return (Processes as string[][]).map((line) => line.join(' '));
  };

  beforeAll(async () => {
    world = startGatewayWorld(await ensureImages());
    await world.gateways.ensure(plan, signal);
    await world.containers.ensure(world.program(plan.sandboxId, 'api', echo), signal);
    await vi.waitFor(async () => expect(await talk('api')).toBe('hello'), { timeout: 60_000, interval: 300 });
  }, imagesTimeoutMs + 120_000);
  afterAll(async () => {
    await world?.stop();
  }, 120_000);

  it('says why a component is not reached', async () => {
    const reason = (host: string, port = 3000) => expect(talk(host, port)).rejects;
    await reason('api', 9999).toMatchObject({ code: 'backend_unavailable', extra: { reason: 'refused' } });
    await reason('nobody').toMatchObject({ code: 'backend_unavailable', extra: { reason: 'no_such_name' } });
  });

  it('goes nowhere but to names of its own network', async () => {
    const neighbour = { ...plan, sandboxId: 'sb-neighbour' };
    await world.gateways.ensure(neighbour, signal);
    await world.containers.ensure(world.program('sb-neighbour', 'other', echo), signal);
    await vi.waitFor(async () => expect(await talk('other', 3000, 'sb-neighbour')).toBe('hello'), {
      timeout: 60_000,
      interval: 300,
    });
    const places = [
      'other',
      'localhost',
      '127.0.0.1',
      '127.0.0.11',
      '0x7f000001',
      '169.254.169.254',
      '10.198.0.1',
    ];
    for (const host of [...places, '[::1]', 'example.com', 'api.', '', 'API']) {
      await expect(talk(host), host).rejects.toMatchObject({ code: 'backend_unavailable' });
    }
  });

  it('is found as it is by others, and made once by many', async () => {
    const before = await found('gateway');
    const other = startGatewayWorld(await ensureImages(), world.installationId);
    try {
      await Promise.all([1, 2, 3].map(() => other.gateways.ensure(plan, signal)));
      expect((await found('gateway'))?.id).toBe(before?.id);
      const stream = await (await other.gateways.open(plan.sandboxId, signal)).dial('api', 3000, signal);
      stream.end('both');
      expect(await text(stream)).toBe('both');
      expect(await talk('api')).toBe('hello');
    } finally {
      other.gateways.close();
      other.engine.close();
    }
  });

  it('comes back when it was killed or removed from outside', async () => {
    const first = await found('gateway');
    await world.containers.kill(first?.id ?? '', 'KILL', signal);
    await vi.waitFor(async () => expect(await talk('api')).toBe('hello'), { timeout: 30_000 });
    expect((await found('gateway'))?.id).toBe(first?.id);
    await world.containers.remove(first?.id ?? '', signal);
    await expect(talk('api')).rejects.toMatchObject({ code: 'backend_unavailable' });
    await world.gateways.ensure(plan, signal);
    expect(await talk('api')).toBe('hello');
  });

  it('carries a hundred connections at once, and bytes in both directions as they are', async () => {
    const gateway = await world.gateways.open(plan.sandboxId, signal);
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const stream = await gateway.dial('api', 3000, signal);
        stream.end(String(index).repeat(20_000));
        return text(stream);
      }),
    );
    const wanted = answers.map((_, index) => String(index).repeat(20_000));
    expect(answers.every((answer, index) => answer === wanted[index])).toBe(true);
  });

  it('ends its agent when Labwright is killed', async () => {
    const before = (await running()).filter((line) => line.includes('gateway/main.ts')).length;
    const helper = spawn(
      process.execPath,
      [join(import.meta.dirname, 'hold-gateway.ts'), world.installationId, plan.sandboxId],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(helper.stdout, 'data');
    const count = async () => (await running()).filter((line) => line.includes('gateway/main.ts')).length;
    expect(await count()).toBe(before + 1);
    helper.kill('SIGKILL');
    await vi.waitFor(async () => expect(await count()).toBe(before), { timeout: 30_000, interval: 200 });
  });

  it('ends at once when it is told to', async () => {
    const gateway = await found('gateway');
    const started = performance.now();
    await world.containers.kill(gateway?.id ?? '', 'TERM', signal);
    // An engine waits ten seconds for a program that does not listen.
    expect(performance.now() - started).toBeLessThan(9_000);
    expect((await found('gateway'))?.state).toBe('exited');
  });
});
