/**
 * The `docker` backend: each component of a lab is a container, in a network of the lab's own that leads nowhere. Hostile
 * trainees are held apart by the kernel. Everything is found again by its labels, so nothing is kept here: any number of
 * Labwright processes may use one engine, and one that is killed leaves nothing that another cannot go on with.
 */
import type { ComponentAccess, SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import { createLabComponents, gatewayPlan } from '../containers/lab-components.ts';
import { createDatabasePart } from '../containers/postgres/postgres-part.ts';
import { createPreparedDatabases } from '../containers/postgres/prepared-databases.ts';
import { createTurns } from '../containers/postgres/turns.ts';
import { createProgramParts } from '../containers/programs/program-parts.ts';
import { createGatewaySources } from '../containers/sources.ts';
import { createEnvironments } from '../environment.ts';
import { createWorkspaceContents } from '../files/workspace-contents.ts';
import { createInFlight } from '../in-flight.ts';
import { createNaming } from '../naming.ts';
import { createNoNamespacePart } from '../no-namespace-part.ts';
import type { Parts } from '../part.ts';
import { createBelongings } from './belongings.ts';
import { createContainers } from './containers.ts';
import { createEngine } from './engine.ts';
import { createEngineEvents } from './engine-events.ts';
import { createGateways, isGatewayGone } from './gateways.ts';
import { createImageNeeds } from './image-needs.ts';
import { createLocalImages } from './images.ts';
import { createNetworks } from './networks.ts';
import type { DockerDriverOptions } from './options.ts';
import { createDatabaseImages } from './postgres/database-images.ts';
import { createPreparedImages } from './postgres/prepared-images.ts';
import { createServerContainers } from './postgres/server-containers.ts';
import { createProcessors } from './processors.ts';
import { createShellPart } from './shell-part.ts';
import { createStarts } from './starts.ts';
import { createVolumes } from './volumes.ts';

export interface DockerDriver extends SandboxDriver {
  /** Looks at the engine now, so that `lacks` knows. Throws LabError `backend_unavailable` with what is wrong with it. */
  check(signal: AbortSignal): Promise<void>;
}

/** Prepared databases that nobody needs now but may soon again, such as after an edit that is taken back. */
const unneededKept = 2;

/** Connects in the background; makes nothing before it is asked to. */
export function createDockerDriver(options: DockerDriverOptions): DockerDriver {
  const { installationId, secrets, images, log } = options;
  const naming = createNaming(installationId);
  const engine = createEngine(options);
  const events = createEngineEvents(engine, installationId, log);
  const localImages = createLocalImages(engine, events);
  const networks = createNetworks({ engine, installationId, naming, subnets: options.subnets });
  const volumes = createVolumes(engine, installationId, naming, images.labwright);
  const onEnding = events.expect;
  const containers = createContainers({ engine, installationId, naming, networks, log, onEnding });
  const gateways = createGateways({ containers, volumes, image: images.labwright });
  const belongings = createBelongings({ engine, installationId, containers, networks, volumes });
  const needs = createImageNeeds(images, localImages);
  const databaseImages = createDatabaseImages(engine, installationId, naming);
  const store = createPreparedImages(containers, databaseImages, images);
  const { sampleApi } = options;
  const prepared = createPreparedDatabases({ store, naming, sampleApi, backend: 'docker', log });
  const turns = createTurns();
  const servers = createServerContainers({ containers, list: databaseImages, prepared, turns, images });
  const contents = createWorkspaceContents(options.sampleApi.folder);
  const inFlight = createInFlight();
  const closing = new AbortController();
  const processors = createProcessors(engine, closing.signal);
  // One more than can work at a time: a start waits for disks and clocks, too.
  const starts = createStarts(() => processors() + 1);
  const environments = createEnvironments(async () => {}, access, options.fill);
  const sources = createGatewaySources(gateways);

  const shared = { containers, gateways, openGateway, secrets, images };
  const postgres = createDatabasePart({ ...shared, servers, turns, naming });
  const shell = createShellPart({ ...shared, volumes, contents });
  const programs = createProgramParts({
    ...{ ...shared, sources, contents, inFlight, environments, databases: postgres, access },
    ensureWorkspace: (plan, name, signal) => components.ensure(plan, name, signal),
    workspaceVolume: volumes.nameOf,
    missingImage: (image) =>
      localImages.has(image)
        ? null
        : `which the Docker Engine does not have; get it by: docker pull ${image}`,
    closing: closing.signal,
  });
  const namespace = createNoNamespacePart('docker');
  const parts = { postgres, shell, namespace, ...programs.parts } satisfies Parts;

  const components = createLabComponents({
    ...{ parts, containers, gateways, environments, inFlight, filesChanged: programs.filesChanged },
    isGatewayGone,
    whenItsTurn: starts.take,
    rest: (sandboxId, signal) => belongings.rest(sandboxId, () => gateways.forget(sandboxId), signal),
  });

  function access(plan: SandboxPlan, component: string): ComponentAccess {
    return components.access(plan, component);
  }

  async function openGateway(plan: SandboxPlan, signal: AbortSignal): Promise<void> {
    await gateways.ensure(gatewayPlan(plan), signal);
  }

  return {
    ...components,
    name: 'docker',
    capabilities: { isolation: true },
    namespaces: null,
    check: localImages.refresh,
    prepare: prepared.prepare,
    lacks(version) {
      const specs = Object.values(version.template.components);
      return [...components.lacks(version), ...needs.missing(specs)];
    },
    destroy: (sandboxId, signal) =>
      inFlight.destroy(sandboxId, async () => {
        sources.forget(sandboxId);
        postgres.forget(sandboxId);
        starts.forget(sandboxId);
        gateways.forget(sandboxId);
        await belongings.remove(sandboxId, signal);
        // A look that was under way may have begun to follow it again.
        sources.forget(sandboxId);
        gateways.forget(sandboxId);
      }),
    list: belongings.list,
    onTrouble: events.onEnd,
    prune: (needed, signal) => prepared.prune(needed, unneededKept, signal),
    async close() {
      closing.abort();
      sources.close();
      localImages.close();
      await inFlight.settled();
      // The engine would let their shells run on.
      await components.close();
      gateways.close();
      await events.close();
      engine.close();
    },
  };
}
