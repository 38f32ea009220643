import { afterAll, describe, expect, it } from 'vitest';
import { createNetworks } from '../../../src/sandbox/docker/networks.ts';
import { freeSubnets, subnetsOf } from '../../../src/sandbox/docker/subnets.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import { dockerMissing, requireDocker, startTestEngine } from '../../support/docker.ts';

describe('the choice of a subnet', () => {
  it('knows how many a pool has', () => {
    expect(subnetsOf('10.213.0.0/16')).toBe(4096);
    expect(subnetsOf('10.213.7.0/24')).toBe(16);
  });

  it('begins where it is told and goes around', () => {
    expect(freeSubnets('10.9.8.0/24', [], 0, 2)).toEqual(['10.9.8.0/28', '10.9.8.16/28']);
    expect(freeSubnets('10.9.8.0/24', [], 0.999, 2)).toEqual(['10.9.8.240/28', '10.9.8.0/28']);
    expect(freeSubnets('10.9.8.0/24', [], 0.5, 99)).toHaveLength(16);
  });

  it('keeps away from all that overlaps, be it larger, smaller or beside the pool', () => {
    const taken = [
      '10.9.8.0/25',
      '10.9.8.130/32',
      '10.9.8.240/30',
      '10.9.9.0/24',
      'fd00::/64',
      '10.9.7.0/24',
    ];
    expect(freeSubnets('10.9.8.0/24', taken, 0, 99)).toEqual([
      '10.9.8.144/28',
      '10.9.8.160/28',
      '10.9.8.176/28',
      '10.9.8.192/28',
      '10.9.8.208/28',
      '10.9.8.224/28',
    ]);
    expect(freeSubnets('10.9.8.0/24', ['10.0.0.0/8'], 0.3, 99)).toEqual([]);
    expect(freeSubnets('10.9.8.0/24', ['0.0.0.0/0'], 0.3, 99)).toEqual([]);
  });
});

describe.skipIf(dockerMissing !== null)('networks of sandboxes', () => {
  const test = startTestEngine();
  const naming = createNaming(test.installationId);
  const signal = AbortSignal.timeout(240_000);
  const networksOf = (subnets: string) => createNetworks({ ...test, naming, subnets });
  afterAll(() => test.stop(), 120_000);

  it('makes one, internal and without an address of the host, and finds it again', async () => {
    const networks = networksOf('10.197.0.0/16');
    const name = await networks.ensure('sb-one', signal);
    expect(await networks.ensure('sb-one', signal)).toBe(name);
    const info = await test.engine.ask('look', (docker) => docker.getNetwork(name).inspect(), signal);
    expect(info.Internal).toBe(true);
    expect(info.Options).toEqual({ 'com.docker.network.bridge.inhibit_ipv4': 'true' });
    expect(info.IPAM?.Config?.[0]?.Subnet).toMatch(/^10\.197\.\d+\.\d+\/28$/);
    await networks.remove('sb-one', signal);
    await networks.remove('sb-one', signal);
    expect(await test.count()).toMatchObject({ networks: 0 });
  });

  it('makes one, however many ask at once', async () => {
    const all = [1, 2, 3, 4].map(() => networksOf('10.197.0.0/24').ensure('sb-raced', signal));
    const names = await Promise.all(all);
    expect(new Set(names).size).toBe(1);
    expect(await test.count()).toMatchObject({ networks: 1 });
    await networksOf('10.197.0.0/24').remove('sb-raced', signal);
  });

  it('says that it is busy when the pool is used up, and goes on when there is room', async () => {
    const networks = networksOf('10.197.5.0/28');
    await networks.ensure('sb-first', signal);
    await expect(networks.ensure('sb-second', signal)).rejects.toMatchObject({
      code: 'backend_busy',
      message: expect.stringMatching(/DOCKER_SUBNETS \(10\.197\.5\.0\/28\) has room for 1/),
    });
    await networks.remove('sb-first', signal);
    await networks.ensure('sb-second', signal);
    await networks.remove('sb-second', signal);
  });

  // The engine's own pools end after about thirty.
  it('makes two hundred', { timeout: 240_000 }, async () => {
    const networks = networksOf('10.198.0.0/16');
    const ids = Array.from({ length: 200 }, (_, index) => `sb-many-${index}`);
    const started = performance.now();
    const workers = Array.from({ length: 4 }, async (_, worker) => {
      for (const id of ids.filter((_, index) => index % 4 === worker)) await networks.ensure(id, signal);
    });
    await Promise.all(workers);
    console.info(`200 networks: ${Math.round(performance.now() - started)} ms`);
    expect(await test.count()).toMatchObject({ networks: 200 });
    for (const id of ids) await networks.remove(id, signal);
    expect(await test.count()).toMatchObject({ networks: 0 });
  });
});

requireDocker();
