/**
 * Two labs in containers on the real engine, and what stands beside them on the host. A weaker container is the trainee's
 * own, as the engine says that it is, but for one thing.
 */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { labUser } from '../../../src/sandbox/containers/types.ts';
import { createContainers } from '../../../src/sandbox/docker/containers.ts';
import { label } from '../../../src/sandbox/docker/labels.ts';
import { createNetworks } from '../../../src/sandbox/docker/networks.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import type { ComponentSpec } from '../../../src/templates/types.ts';
import { planFor } from '../../contracts/driver-contract-plans.ts';
import { silentLog } from '../../support/docker.ts';
import { startDockerDriver } from '../../support/docker-driver.ts';
import { versionWith } from '../../support/versions.ts';

/** Stands where nobody but its owner should read it. */
export const secret = 'it is a secret of somebody else';

const web = `
const { createServer } = require('node:http');
createServer((request, answer) => answer.end(process.env.SECRET)).listen(9000, '0.0.0.0');
`;

const service = {
  kind: 'service',
  uses: [],
  custody: 'platform',
  image: null,
  command: ['node', 'main.cjs'],
  source: null,
  files: 'web/',
  port: 9000,
  ready: { by: 'tcp' },
  env: { SECRET: secret },
} as const satisfies ComponentSpec;

const version = {
  ...versionWith('containers', 'hash-containers', {
    components: {
      workspace: {
        kind: 'shell',
        uses: [],
        custody: 'trainee',
        files: null,
        tools: [],
        limits: { memoryMb: 128, cpu: 0.5, pids: 64 },
      },
      web: service,
      partner: {
        kind: 'stub',
        uses: [],
        custody: 'platform',
        file: 'partner.yaml',
        mood: 'calm',
        trainee: [],
      },
    },
  }),
  files: new Map(
    Object.entries({
      'web/main.cjs': web,
      'partner.yaml': 'routes: [{ method: GET, path: /, answer: { status: 200, json: {} } }]\n',
    }).map(([name, text]) => [name, new TextEncoder().encode(text)]),
  ),
};

/** What is otherwise in a container that is made like the trainee's. */
export type Change = (options: ContainerCreateOptions & { HostConfig: HostConfig }, around: Around) => void;

/** What stands beside the trainee's lab. */
export interface Around {
  readonly theirNetwork: string;
  /** Of the host, with a file that tells the secret. */
  readonly folder: string;
}

export type ContainerWorld = Awaited<ReturnType<typeof startContainerWorld>>;

const limits = { timeoutMs: 20_000, maxBytes: 100_000 };

export async function startContainerWorld() {
  const signal = AbortSignal.timeout(300_000);
  const subject = await startDockerDriver();
  const { driver } = subject;
  const { engine, installationId } = subject.test;
  const naming = createNaming(installationId);
  const networks = createNetworks({ engine, installationId, naming, subnets: '10.197.0.0/24' });
  const containers = createContainers({ engine, installationId, naming, networks, log: silentLog });
  const [mine, theirs] = ['sb-attacker', 'sb-neighbour'].map((id) => planFor(id, version)) as [
    SandboxPlan,
    SandboxPlan,
  ];
  for (const component of ['web', 'partner', 'workspace']) {
    await Promise.all([mine, theirs].map((plan) => driver.ensure(plan, component, signal)));
  }
  const folder = mkdtempSync(join(tmpdir(), 'labwright-of-the-host-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'secret.txt'), secret);
  // As a service of the host that listens for everybody.
  const hostServer = createServer((_, answer) => answer.end(secret));
  await new Promise<void>((resolve) => hostServer.listen(0, '0.0.0.0', resolve));

  async function containerOf(plan: SandboxPlan, component: string) {
    const found = await containers.find(plan.sandboxId, signal);
    const one = found.find((each) => each.component === component);
    if (one === undefined) throw new Error(`${component} has no container`);
    return one.id;
  }

  const inspect = async (plan: SandboxPlan, component: string) => {
    const id = await containerOf(plan, component);
    return engine.ask('look at a container', (docker) => docker.getContainer(id).inspect(), signal);
  };

  async function addressOf(plan: SandboxPlan, component: string): Promise<string> {
    const { NetworkSettings } = await inspect(plan, component);
    const [network] = Object.values(NetworkSettings.Networks);
    if (network === undefined) throw new Error(`${component} has no network`);
    return network.IPAddress;
  }

  async function networkOf(plan: SandboxPlan): Promise<string> {
    const { NetworkSettings } = await inspect(plan, 'workspace');
    return Object.keys(NetworkSettings.Networks)[0] ?? '';
  }

  /** Runs a script in the trainee's workspace. */
  async function asTrainee(script: string): Promise<string> {
    const { stdout, stderr } = await driver.exec(mine, 'workspace', ['bash', '-c', script], limits, signal);
    return `${stdout}${stderr}`;
  }

  /** Runs a script as the only program of a container like the trainee's but for `change`; what it printed. */
  async function inOther(change: Change, script: string): Promise<string> {
    const { Config, HostConfig, Mounts } = await inspect(mine, 'workspace');
    const { Image, Labels } = Config;
    const { Mounts: _, ...host } = HostConfig as HostConfig & { Mounts?: unknown };
    const binds = Mounts.flatMap(({ Name, Destination }) =>
      Name === undefined ? [] : [`${Name}:${Destination}`],
    );
    const options = {
      Image,
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin'],
      Entrypoint: ['timeout', '20', 'bash', '-c', script],
      Cmd: [],
      User: labUser,
      WorkingDir: '/',
      // Both of its streams as one.
      Tty: true,
      Labels: { ...Labels, [label.component]: 'other' },
      HostConfig: { ...host, Binds: binds },
    };
    change(options, { theirNetwork: await networkOf(theirs), folder });
    const made = await engine.ask('make a container', (docker) => docker.createContainer(options), signal);
    try {
      return await engine.ask(
        'run a container',
        async (docker) => {
          const container = docker.getContainer(made.id);
          await container.start();
          await container.wait();
          const printed = await container.logs({ stdout: true, stderr: true, follow: false });
          return printed.toString().replaceAll('\r', '');
        },
        signal,
      );
    } finally {
      await containers.remove(made.id, signal);
    }
  }

  /** A network of the world's own, with these options in place of a lab's. */
  async function withNetwork<T>(
    options: { readonly Internal: boolean; readonly inhibit: boolean },
    work: (name: string, gateway: string) => Promise<T>,
  ): Promise<T> {
    const octet = 1 + Math.floor(Math.random() * 250);
    const Name = `${installationId}-weaker`;
    const made = await engine.ask(
      'make a network',
      (docker) =>
        docker.createNetwork({
          Name,
          Driver: 'bridge',
          Internal: options.Internal,
          IPAM: {
            Driver: 'default',
            Config: [{ Subnet: `10.196.${octet}.0/28`, Gateway: `10.196.${octet}.1` }],
          },
          Options: options.inhibit ? { 'com.docker.network.bridge.inhibit_ipv4': 'true' } : {},
          Labels: { [label.installation]: installationId },
        }),
      signal,
    );
    try {
      return await work(Name, `10.196.${octet}.1`);
    } finally {
      await engine.ask('remove a network', () => made.remove(), signal);
    }
  }

  const hostAddress = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(
      ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('172.'),
    )?.address;

  return {
    driver,
    engine,
    containers,
    mine,
    theirs,
    folder,
    hostPort: (hostServer.address() as AddressInfo).port,
    /** Of the host, not of a bridge of the engine's; the loopback where it has none. */
    hostAddress: hostAddress ?? '127.0.0.1',
    asTrainee,
    inOther,
    withNetwork,
    containerOf,
    inspect,
    addressOf,
    networkOf,
    async stop() {
      hostServer.close();
      rmSync(folder, { recursive: true });
      await subject.stop();
    },
  };
}
