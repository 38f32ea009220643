/**
 * A network for each sandbox: no way out of it, and no address of the host in it (without `inhibit_ipv4` whatever listens
 * on 0.0.0.0 of the host is reached by the network's gateway, also when the network is internal). Its subnet is named,
 * because the engine's own pools end after about thirty networks.
 */
import { LabError } from '../../lab/errors.ts';
import type { Networks } from '../containers/types.ts';
import type { Naming } from '../naming.ts';
import type { Engine } from './engine.ts';
import { engineStatus } from './engine-errors.ts';
import { labelFilter, sandboxLabels } from './labels.ts';
import { freeSubnets, subnetsOf } from './subnets.ts';

export interface NetworksOptions {
  readonly engine: Engine;
  readonly installationId: string;
  readonly naming: Naming;
  /** The pool, such as `10.213.0.0/16`. */
  readonly subnets: string;
}

/** Others may take what we have found free; then the next is tried, and after so many all are looked at again. */
const candidates = 10;
const rounds = 5;

export function createNetworks({ engine, installationId, naming, subnets }: NetworksOptions): Networks {
  const nameOf = (sandboxId: string) => `${naming.sandboxPrefix(sandboxId)}net`;

  const listed = (filters: Record<string, string[]>, signal: AbortSignal) =>
    engine.ask(
      'list networks',
      (docker, abortSignal) => docker.listNetworks({ filters, abortSignal }),
      signal,
    );

  async function sameName(name: string, signal: AbortSignal) {
    const found = await listed({ name: [name] }, signal);
    // The filter takes a part of a name as well.
    return found.filter((network) => network.Name === name);
  }

  async function create(
    sandboxId: string,
    name: string,
    subnet: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await engine.ask(
        `make network ${name}`,
        (docker, abortSignal) =>
          docker.createNetwork({
            Name: name,
            CheckDuplicate: true,
            Driver: 'bridge',
            Internal: true,
            IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
            Options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
            Labels: sandboxLabels(installationId, sandboxId, new Date()),
            ...{ abortSignal },
          }),
        signal,
      );
      return true;
    } catch (thrown) {
      // Another has this name now.
      if (engineStatus(thrown) === 409) return true;
      if (thrown instanceof LabError && thrown.code === 'backend_busy') return false;
      throw thrown;
    }
  }

  async function removeOne(id: string, signal: AbortSignal): Promise<void> {
    try {
      await engine.ask(
        'remove a network',
        (docker, abortSignal) => docker.getNetwork(id).remove({ abortSignal }),
        signal,
      );
    } catch (thrown) {
      if (engineStatus(thrown) !== 404) throw thrown;
    }
  }

  /** An engine's check for equal names is not held against another request at the same time: the eldest stays. */
  async function keepEldest(name: string, signal: AbortSignal): Promise<void> {
    const [, ...younger] = (await sameName(name, signal)).sort(
      (a, b) => a.Created.localeCompare(b.Created) || a.Id.localeCompare(b.Id),
    );
    for (const { Id } of younger) await removeOne(Id, signal);
  }

  return {
    async ensure(sandboxId, signal) {
      const name = nameOf(sandboxId);
      const there = await sameName(name, signal);
      if (there.length === 1) return name;
      for (let round = 0; round < rounds && there.length === 0; round++) {
        const all = await listed({}, signal);
        const taken = all.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
        const free = freeSubnets(subnets, taken, Math.random(), candidates);
        if (free.length === 0) break;
        for (const subnet of free) {
          if (!(await create(sandboxId, name, subnet, signal))) continue;
          await keepEldest(name, signal);
          return name;
        }
      }
      if (there.length === 0) {
        throw new LabError(
          'backend_busy',
          `No network is left for the lab: DOCKER_SUBNETS (${subnets}) has room for ${subnetsOf(subnets)}, ` +
            'and all are in use by labs or by other networks of the engine.',
          { retryAfterSeconds: 30 },
        );
      }
      await keepEldest(name, signal);
      return name;
    },
    async remove(sandboxId, signal) {
      for (const { Id } of await listed(labelFilter(installationId, sandboxId), signal)) {
        await removeOne(Id, signal);
      }
    },
  };
}
