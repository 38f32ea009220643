/**
 * The `docker` backend: each component of a lab is a container, in a network of the lab's own that leads nowhere. Hostile
 * trainees are held apart by the kernel. Everything is found again by its labels, so nothing is kept here: any number of
 * Labwright processes may use one engine, and one that is killed leaves nothing that another cannot go on with.
 */
import { posix } from 'node:path';
import { LabError } from '../../lab/errors.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ComponentAccess, SandboxDriver, SandboxPlan, Terminal } from '../../lab/ports.ts';
import { createDatabasePart } from '../containers/postgres/postgres-part.ts';
import { createPreparedDatabases } from '../containers/postgres/prepared-databases.ts';
import { createTurns } from '../containers/postgres/turns.ts';
import { createProgramParts } from '../containers/programs/program-parts.ts';
import { createGatewaySources } from '../containers/sources.ts';
import { type GatewayPlan, workspacePath } from '../containers/types.ts';
import { createEnvironments } from '../environment.ts';
import { createWorkspaceContents } from '../files/workspace-contents.ts';
import { createInFlight } from '../in-flight.ts';
import { createNaming } from '../naming.ts';
import { createNoNamespacePart } from '../no-namespace-part.ts';
import { type Part, type Parts, pieceOf, pieceOfKind } from '../part.ts';
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
import { createShellPart } from './shell-part.ts';
import { createVolumes } from './volumes.ts';

export interface DockerDriver extends SandboxDriver {
  /** Looks at the engine now, so that `lacks` knows. Throws LabError `backend_unavailable` with what is wrong with it. */
  check(signal: AbortSignal): Promise<void>;
}

/** Where programs of trainees are looked for, in the image of workspaces. */
const searchPath = '/usr/local/bin:/usr/bin:/bin';
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
  const terminals = new Set<Terminal>();
  const environments = createEnvironments(async () => {}, access, options.fill);
  const sources = createGatewaySources(gateways);

  const shared = { containers, gateways, openGateway, secrets, images };
  const postgres = createDatabasePart({ ...shared, servers, turns, naming });
  const shell = createShellPart({ ...shared, volumes, contents });
  const programs = createProgramParts({
    ...{ ...shared, sources, contents, inFlight, environments, databases: postgres, access },
    ensureWorkspace: ensure,
    workspaceVolume: volumes.nameOf,
    missingImage: (image) =>
      localImages.has(image)
        ? null
        : `which the Docker Engine does not have; get it by: docker pull ${image}`,
    closing: closing.signal,
  });
  const namespace = createNoNamespacePart('docker');
  const parts: Parts = { postgres, shell, namespace, ...programs.parts };

  function partOf(plan: SandboxPlan, component: string) {
    const piece = pieceOf(plan, component);
    const part: Part = parts[piece.spec.kind];
    return { piece, part };
  }

  function access(plan: SandboxPlan, component: string): ComponentAccess {
    const { piece, part } = partOf(plan, component);
    return part.access(piece);
  }

  async function openGateway(plan: SandboxPlan, signal: AbortSignal): Promise<void> {
    await gateways.ensure(gatewayPlan(plan), signal);
  }

  function ensure(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void> {
    const { piece, part } = partOf(plan, component);
    // Without parameters less is made.
    const key = `${piece.ref.generation}/${plan.params === null}`;
    return inFlight.ensure(plan.sandboxId, component, key, () => part.ensure(piece, signal), signal);
  }

  async function observeOne(plan: SandboxPlan, name: string): Promise<ComponentObservation> {
    const { piece, part } = partOf(plan, name);
    try {
      return await part.observe(piece);
    } catch (thrown) {
      if (!isGatewayGone(thrown)) throw thrown;
      return { state: 'broken', generation: piece.ref.generation, detail: thrown.message };
    }
  }

  async function observe(plan: SandboxPlan) {
    const seen = await Promise.all(
      Object.keys(plan.components).map(async (name) => {
        return [name, await observeOne(plan, name)] as const;
      }),
    );
    return { components: Object.fromEntries(seen.filter(([, { state }]) => state !== 'absent')) };
  }

  /** The newest container of a component, whatever its state. */
  async function containerOf(plan: SandboxPlan, component: string, signal: AbortSignal) {
    const { ref } = pieceOf(plan, component);
    const mine = (await containers.find(ref.sandboxId, signal)).filter(
      (one) => one.role === 'component' && one.component === component,
    );
    return mine.sort((a, b) => b.generation - a.generation)[0] ?? null;
  }

  /** Where and how the trainee's own programs run. Throws LabError `bad_request`, `backend_unavailable`. */
  async function trainees(plan: SandboxPlan, component: string, terminal: string, signal: AbortSignal) {
    const { ref } = pieceOfKind(plan, component, 'shell', 'terminal and no programs of trainees');
    const found = await containerOf(plan, component, signal);
    if (found === null || found.generation !== ref.generation || found.state !== 'running') {
      throw new LabError('backend_unavailable', `Component "${component}" does not run.`);
    }
    const home = workspacePath(ref);
    const others = Object.keys(plan.components).filter((name) => name !== component);
    const base = { HOME: home, PATH: searchPath, LANG: 'C.UTF-8', TERM: terminal };
    return { id: found.id, ref, home, env: { ...environments.facts(plan, others), ...base } };
  }

  async function filesOf(plan: SandboxPlan, component: string, signal: AbortSignal) {
    const { ref } = pieceOfKind(plan, component, 'shell', 'files');
    const { files } = await gateways.open(plan.sandboxId, signal);
    return { files, ref };
  }

  return {
    name: 'docker',
    capabilities: { isolation: true },
    namespaces: null,
    check: localImages.refresh,
    prepare: prepared.prepare,
    lacks({ template }) {
      const specs = Object.entries(template.components);
      const own = specs.flatMap(([name, spec]) => {
        const part: Part = parts[spec.kind];
        return part.lacks(name, spec);
      });
      return [...own, ...needs.missing(specs.map(([, spec]) => spec))];
    },
    ensure: async (plan, component, signal) => ensure(plan, component, signal),
    observe: (plan) => observe(plan),
    access,
    async dial(plan, component, signal, port = 'main') {
      const { piece, part } = partOf(plan, component);
      const address = part.address(piece, port);
      if (address !== null) {
        const gateway = await gateways.open(plan.sandboxId, signal);
        return gateway.dial(address.host, address.port, signal);
      }
      const which = port === 'main' ? 'no port' : 'no port of ours';
      throw new LabError('bad_request', `Component "${component}" listens on ${which}.`);
    },
    async kill(plan, component, how, signal) {
      const { piece, part } = partOf(plan, component);
      await part.kill(piece, how, signal);
    },
    async resetStatistics(plan, component, signal) {
      await postgres.resetStatistics(
        pieceOfKind(plan, component, 'postgres', 'statement statistics'),
        signal,
      );
    },
    async exec(plan, component, argv, limits, signal) {
      const { id, ref, home, env } = await trainees(plan, component, 'dumb', signal);
      if (limits.cwd !== undefined) {
        const { files } = await filesOf(plan, component, signal);
        if (!(await files.isFolder(ref, limits.cwd, signal))) {
          const stderr = `${limits.cwd}: no such folder\n`;
          const failure = { stdout: '', stderr, timedOut: false, truncated: false, durationMs: 0 };
          return { exitCode: 127, signal: null, ...failure };
        }
      }
      const cwd = posix.join(home, limits.cwd ?? '.');
      const result = await containers.exec(id, { argv, env, cwd }, limits, signal);
      await programs.filesChanged(plan.sandboxId);
      return result;
    },
    async terminal(plan, component, size, signal) {
      const { id, home, env } = await trainees(plan, component, 'xterm-256color', signal);
      const terminal = await containers.terminal(id, { argv: ['bash'], env, cwd: home }, size, signal);
      terminals.add(terminal);
      void terminal.ended.then(() => terminals.delete(terminal));
      return terminal;
    },
    async stop(plan, component, signal) {
      const { piece, part } = partOf(plan, component);
      const work = async () => {
        await part.stop?.(piece, signal);
        await belongings.rest(plan.sandboxId, () => gateways.forget(plan.sandboxId), signal);
      };
      // After what is being started of it.
      await inFlight.ensure(plan.sandboxId, component, `stop/${piece.ref.generation}`, work, signal);
    },
    async readFiles(plan, component, query, signal) {
      const { files, ref } = await filesOf(plan, component, signal);
      return files.find(ref, query, signal);
    },
    async writeFile(plan, component, path, content, signal) {
      const { files, ref } = await filesOf(plan, component, signal);
      await files.write(ref, path, content, signal);
      await programs.filesChanged(plan.sandboxId);
    },
    async readLog(plan, component, maxBytes, signal) {
      const found = await containerOf(plan, component, signal);
      return found === null ? '' : containers.logs(found.id, maxBytes, signal);
    },
    destroy: (sandboxId, signal) =>
      inFlight.destroy(sandboxId, async () => {
        sources.forget(sandboxId);
        postgres.forget(sandboxId);
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
      for (const { stream } of terminals) stream.destroy();
      await Promise.all([...terminals].map(({ ended }) => ended));
      gateways.close();
      await events.close();
      engine.close();
    },
  };
}

function gatewayPlan({ sandboxId, components, origin }: SandboxPlan): GatewayPlan {
  const shells = Object.values(components).filter(({ spec }) => spec.kind === 'shell');
  return { sandboxId, workspaces: shells.map(({ name }) => name), originId: origin?.sandboxId ?? null };
}
