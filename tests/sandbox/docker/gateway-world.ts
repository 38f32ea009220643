/** Gateways on the real engine, of an installation of a test's own. */

import type { ContainerSpec } from '../../../src/sandbox/containers/types.ts';
import { createContainers } from '../../../src/sandbox/docker/containers.ts';
import { createGateways } from '../../../src/sandbox/docker/gateways.ts';
import { createNetworks } from '../../../src/sandbox/docker/networks.ts';
import { createVolumes } from '../../../src/sandbox/docker/volumes.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import { silentLog, startTestEngine } from '../../support/docker.ts';
import type { OwnImages } from '../../support/images.ts';

export type GatewayWorld = ReturnType<typeof startGatewayWorld>;

/** @param installationId of a test's that shares what it has made. */
export function startGatewayWorld(images: OwnImages, installationId?: string) {
  const test = startTestEngine(installationId);
  const { engine } = test;
  const naming = createNaming(test.installationId);
  const networks = createNetworks({ ...test, naming, subnets: '10.198.0.0/20' });
  const volumes = createVolumes(engine, test.installationId, naming, images.labwright);
  const containers = createContainers({ ...test, naming, networks, log: silentLog });
  const gateways = createGateways({ containers, volumes, image: images.labwright });

  /** A Node.js program as a component. */
  function program(sandboxId: string, component: string, code: string): ContainerSpec {
    return {
      ref: { sandboxId, component, generation: 1 },
      role: 'component',
      image: images.workspace,
      entrypoint: ['node', '-e'],
      command: [code],
      env: {},
      user: '999:999',
      aliases: [component],
      network: true,
      mounts: [],
      writableRoot: false,
      tmpfs: {},
      limits: { memoryMb: 128, cpu: 1, pids: 64, diskMb: 100 },
    };
  }

  return {
    ...test,
    volumes,
    containers,
    gateways,
    program,
    async stop() {
      gateways.close();
      await test.stop();
    },
  };
}
