/**
 * The `process` backend: labs on this machine, with nothing installed. Databases on one shared server, programs as
 * child processes, workspaces as folders. No boundary between hostile trainees; see `capabilities`.
 */
import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ensureFolder } from '../../embedded/folder.ts';
import { LabError } from '../../lab/errors.ts';
import type { ComponentAccess, SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import { createEnvironments } from '../environment.ts';
import { createSources } from '../files/sources.ts';
import { createWorkspaceContents } from '../files/workspace-contents.ts';
import { findFiles, isFolderBeneath, writeFileBeneath } from '../files/workspace-files.ts';
import { createInFlight } from '../in-flight.ts';
import { createNaming, sandboxPart } from '../naming.ts';
import { createNoNamespacePart } from '../no-namespace-part.ts';
import { type Part, type Parts, pieceOf, pieceOfKind } from '../part.ts';
import { createAdmin } from '../postgres/admin.ts';
import { createChildren } from './children.ts';
import { openCompileCaches } from './compile-caches.ts';
import { endInhabitants } from './inhabitants.ts';
import { createLabDatabases } from './lab-database.ts';
import { createLockGuard } from './lock-guard.ts';
import type { ProcessDriverOptions } from './options.ts';
import { eitherServer } from './own-server/either-part.ts';
import { createOwnFolders } from './own-server/own-folders.ts';
import { createOwnServerPart } from './own-server/own-server-part.ts';
import { createPreparedServers } from './own-server/prepared-servers.ts';
import { createPartnerParts } from './partner-part.ts';
import { reservePorts } from './ports.ts';
import { createPostgresPart } from './postgres-part.ts';
import { createPrograms } from './programs.ts';
import { openRecords } from './records.ts';
import { createRedisPart } from './redis-part.ts';
import { runProgram, searchPathWith } from './run-program.ts';
import { createProcessRunner } from './runner.ts';
import { createSampleApiPart } from './sample-api-part.ts';
import { createServicePart } from './service-part.ts';
import { createShellPart } from './shell-part.ts';
import { createSourceAccess } from './source-access.ts';
import { createTemplateDatabases } from './template-database.ts';
import { createTerminals } from './terminal.ts';
import { createWorkspaces } from './workspaces.ts';

export interface ProcessDriver extends SandboxDriver {
  /**
   * Drops template databases that none of `keep` needs, but for the `spare` most recently used ones.
   * @returns the names of those that were dropped.
   */
  pruneTemplates(keep: readonly TemplateVersion[], spare: number): Promise<readonly string[]>;
}

/**
 * Finds what a killed Labwright left running and takes it over. One driver a data folder: whoever makes it holds the
 * folder's lock. Does not connect to the server before it is first used.
 */
export function createProcessDriver(options: ProcessDriverOptions): ProcessDriver {
  const { installationId, secrets, labUser } = options;
  const root = join(options.dataDir, 'sandboxes');
  ensureFolder(root, null, 0o711);
  const caches = openCompileCaches(root, { lab: labUser, partner: options.partners.user });
  linkPackages(join(root, 'node_modules'), options.packages);
  const naming = createNaming(installationId);
  const admin = createAdmin(options.labsUrl);
  const locks = createLockGuard(options.labsUrl, naming, options.log);
  const records = openRecords(root, installationId);
  const children = createChildren(records, installationId);
  const templates = createTemplateDatabases(admin, naming, options);
  const prepared = createPreparedServers(naming, templates.nameOf, options);
  const databases = createLabDatabases(admin, naming, secrets, templates);
  const contents = createWorkspaceContents(options.sampleApi.folder);
  const workspaces = createWorkspaces(records, contents, labUser);
  const terminals = createTerminals(options.node);
  const sources = createSources(createSourceAccess(records, workspaces.path));
  const inFlight = createInFlight();
  const closing = new AbortController();
  const environments = createEnvironments((plan) => reservePorts(records, plan), access, options.fill);
  const programs = createPrograms(records, children);
  const runner = createProcessRunner({
    programs,
    children,
    sources,
    inFlight,
    contents,
    workspacePath: workspaces.path,
    ensureWorkspace: ensure,
    closing: closing.signal,
  });
  const folders = createOwnFolders(records, children, prepared, secrets, options);
  const ownServers = createOwnServerPart(records, runner, children, folders, naming, secrets, options);
  const postgres = eitherServer(createPostgresPart(admin, naming, databases), ownServers);
  const parts: Parts = {
    postgres,
    'sample-api': createSampleApiPart(records, runner, postgres, environments, secrets, caches, options),
    service: createServicePart(records, runner, environments, options),
    redis: createRedisPart(records, runner, secrets, options),
    ...createPartnerParts(records, runner, environments, secrets, access, caches, options),
    shell: createShellPart(workspaces, terminals),
    namespace: createNoNamespacePart('process'),
  };
  const path = searchPathWith(options.node);
  /** When resources were first seen of which no record says it. */
  const firstSeen = new Map<string, Date>();

  function partOf(plan: SandboxPlan, component: string) {
    const piece = pieceOf(plan, component);
    const part: Part = parts[piece.spec.kind];
    if (piece.spec.kind === 'postgres') locks.watch();
    return { piece, part };
  }

  function access(plan: SandboxPlan, component: string): ComponentAccess {
    const { piece, part } = partOf(plan, component);
    return part.access(piece);
  }

  function ensure(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void> {
    const { piece, part } = partOf(plan, component);
    const work = async () => {
      // Before anything else: whatever happens from here on, the sandbox is listed.
      if (records.get(plan.sandboxId) === null) records.update(plan.sandboxId, () => ({}));
      await part.ensure(piece, signal);
    };
    // Without parameters less is made.
    const key = `${piece.ref.generation}/${plan.params === null}`;
    return inFlight.ensure(plan.sandboxId, component, key, work, signal);
  }

  async function observe(plan: SandboxPlan) {
    const seen = await Promise.all(
      Object.keys(plan.components).map(async (name) => {
        const { piece, part } = partOf(plan, name);
        return [name, await part.observe(piece)] as const;
      }),
    );
    return { components: Object.fromEntries(seen.filter(([, { state }]) => state !== 'absent')) };
  }

  const workspaceOf = (plan: SandboxPlan, component: string) =>
    workspaces.path(pieceOfKind(plan, component, 'shell', 'files').ref);

  /** What the trainee's own programs know of their lab. */
  function environmentOf(plan: SandboxPlan, component: string, terminal: string): Record<string, string> {
    const others = Object.keys(plan.components).filter((name) => name !== component);
    const base = { PATH: path.join(':'), LANG: 'C.UTF-8', TERM: terminal };
    return { ...environments.facts(plan, others), HOME: workspaceOf(plan, component), ...base };
  }

  return {
    name: 'process',
    capabilities: { isolation: false },
    namespaces: null,
    async prepare(version, signal) {
      await templates.prepare(version, signal);
      await prepared.prepare(version, signal);
    },
    lacks: ({ template }) =>
      Object.entries(template.components).flatMap(([name, spec]) => {
        const part: Part = parts[spec.kind];
        return part.lacks(name, spec);
      }),
    ensure: async (plan, component, signal) => ensure(plan, component, signal),
    observe: (plan) => observe(plan),
    access,
    async dial(plan, component, signal, port = 'main') {
      const { piece, part } = partOf(plan, component);
      const address = part.address(piece, port);
      if (address !== null) return dialLoopback(address.host, address.port, signal);
      const which = port === 'main' ? 'no port' : 'no port of ours';
      throw new LabError('bad_request', `Component "${component}" listens on ${which}.`);
    },
    async kill(plan, component, signal, abort) {
      const { piece, part } = partOf(plan, component);
      await part.kill(piece, signal, abort);
    },
    async resetStatistics(plan, component) {
      await postgres.resetStatistics(pieceOfKind(plan, component, 'postgres', 'statement statistics'));
    },
    async exec(plan, component, argv, limits, signal) {
      const home = workspaceOf(plan, component);
      const env = environmentOf(plan, component, 'dumb');
      const cwd = limits.cwd === undefined ? home : join(home, limits.cwd);
      if (limits.cwd !== undefined && !(await isFolderBeneath(home, limits.cwd))) {
        const stderr = `${limits.cwd}: no such folder\n`;
        const failure = { stdout: '', stderr, timedOut: false, truncated: false, durationMs: 0 };
        return { exitCode: 127, signal: null, ...failure };
      }
      const result = await runProgram({ argv, cwd, path, env, user: labUser }, limits, signal);
      await runner.filesChanged(plan.sandboxId);
      return result;
    },
    async terminal(plan, component, size, signal) {
      const { ref } = pieceOfKind(plan, component, 'shell', 'terminal');
      const env = environmentOf(plan, component, 'xterm-256color');
      return terminals.open(ref, { cwd: workspaces.path(ref), path, env, user: labUser }, size, signal);
    },
    async stop(plan, component, signal) {
      const { piece, part } = partOf(plan, component);
      const work = async () => part.stop?.(piece, signal);
      // After what is being started of it.
      await inFlight.ensure(plan.sandboxId, component, `stop/${piece.ref.generation}`, work, signal);
    },
    async readFiles(plan, component, query, signal) {
      return findFiles(workspaceOf(plan, component), query, signal);
    },
    async writeFile(plan, component, file, content, signal) {
      signal.throwIfAborted();
      await writeFileBeneath(workspaceOf(plan, component), file, content, labUser);
      await runner.filesChanged(plan.sandboxId);
    },
    readLog: async (plan, component, maxBytes) => programs.printed(pieceOf(plan, component).ref, maxBytes),
    destroy: (sandboxId) =>
      inFlight.destroy(sandboxId, async () => {
        sources.forget(sandboxId);
        await ownServers.end(sandboxId);
        await children.stop(sandboxId);
        await terminals.end((ref) => ref.sandboxId === sandboxId);
        await endInhabitants(records.folder(sandboxId));
        await databases.remove(sandboxId);
        await records.remove(sandboxId);
        // A look that was under way may have begun to follow it again.
        sources.forget(sandboxId);
        firstSeen.delete(sandboxId);
      }),
    async list() {
      const recorded = records
        .all()
        .map(({ sandboxId, createdAt }) => ({ sandboxId, createdAt: new Date(createdAt) }));
      const known = new Set(recorded.map(({ sandboxId }) => sandboxPart(sandboxId)));
      const unknown = [...(await databases.sandboxParts())].filter((part) => !known.has(part));
      return [
        ...recorded,
        ...unknown.map((part) => {
          // Only a lost data folder leaves these; the id is what it reads as.
          const sandboxId = part.replaceAll('_', '-');
          const createdAt = firstSeen.get(sandboxId) ?? new Date();
          firstSeen.set(sandboxId, createdAt);
          return { sandboxId, createdAt };
        }),
      ];
    },
    onTrouble: (handler) => children.onEnd(handler),
    async prune(needed) {
      await templates.prune(needed, unneededKept);
      await prepared.prune(needed, unneededKept);
    },
    async pruneTemplates(keep, spare) {
      await prepared.prune(keep, spare);
      return templates.prune(keep, spare);
    },
    async close() {
      closing.abort();
      sources.close();
      await terminals.end(() => true);
      await inFlight.settled();
      await children.close();
      await locks.close();
      await admin.close();
    },
  };
}

/** Template databases that nobody needs now but may soon again, such as after an edit that is taken back. */
const unneededKept = 2;

/** Node looks for packages in the folders above a program: one link serves all workspaces. */
function linkPackages(link: string, packages: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === packages && existsSync(link)) return;
  rmSync(link, { recursive: true, force: true });
  symlinkSync(packages, link);
}

function dialLoopback(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => {
      if (signal.aborted) return reject(signal.reason);
      reject(new LabError('backend_unavailable', `Nothing answers on ${host}:${port}.`, { cause }));
    });
  });
}
