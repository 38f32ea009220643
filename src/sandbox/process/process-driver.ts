/**
 * The `process` backend: labs on this machine, with nothing installed. Databases on one shared server, the sample API
 * as a child process, the workspace as a folder. No boundary between hostile trainees; see `capabilities`.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ensureFolder } from '../../embedded/folder.ts';
import { traineeFacts } from '../../lab/access.ts';
import { LabError } from '../../lab/errors.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ComponentAccess, ComponentPlan, SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import type { PostgresComponent, TemplateVersion } from '../../templates/types.ts';
import { componentPart, createNaming, type ResourceRef, sandboxPart } from '../naming.ts';
import { createAdmin } from './admin.ts';
import { createApiServers } from './api-server.ts';
import { createChildren } from './children.ts';
import { createInFlight } from './in-flight.ts';
import { endInhabitants } from './inhabitants.ts';
import { createLabDatabases, type FoundDatabase, lacksOverlay } from './lab-database.ts';
import type { ProcessDriverOptions } from './options.ts';
import type { Piece } from './part.ts';
import { openRecords } from './records.ts';
import { runProgram, searchPath } from './run-program.ts';
import { resetStatistics } from './statement-statistics.ts';
import { createTemplateDatabases } from './template-database.ts';
import { findFiles, writeFileBeneath } from './workspace-files.ts';
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
  ensureFolder(join(root, '.compile-cache'), labUser, 0o700);
  const naming = createNaming(installationId);
  const admin = createAdmin(options.labsUrl);
  const records = openRecords(root, installationId);
  const children = createChildren(records, installationId, labUser);
  const templates = createTemplateDatabases(admin, naming, options);
  const databases = createLabDatabases(admin, naming, secrets, templates);
  const apis = createApiServers(records, children, secrets, options);
  const workspaces = createWorkspaces(records, labUser);
  const inFlight = createInFlight();
  /** When resources were first seen of which no record says it. */
  const firstSeen = new Map<string, Date>();

  function find(
    plan: SandboxPlan,
    component: string,
  ): { readonly planned: ComponentPlan; readonly ref: ResourceRef } {
    const planned = plan.components[component];
    if (planned === undefined) {
      throw new LabError('component_not_found', `The lab has no component "${component}".`);
    }
    return { planned, ref: { sandboxId: plan.sandboxId, component, generation: planned.generation } };
  }

  function access(plan: SandboxPlan, component: string): ComponentAccess {
    const { planned, ref } = find(plan, component);
    switch (planned.spec.kind) {
      case 'postgres':
        return {
          kind: 'postgres',
          host: admin.host,
          port: admin.port,
          database: naming.database(ref),
          trainee: databases.credentials(ref, 't'),
          checker: databases.credentials(ref, 'c'),
          grader: databases.credentials(ref, 'g'),
          apiRole: databases.credentials(ref, 'a').user,
        };
      case 'sample-api':
        return apis.access(ref);
      case 'shell':
        return { kind: 'shell', path: workspaces.path(ref) };
    }
  }

  async function make(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void> {
    const { planned, ref } = find(plan, component);
    const { spec } = planned;
    // Before anything else: whatever happens from here on, the sandbox is listed.
    if (records.get(plan.sandboxId) === null) records.update(plan.sandboxId, () => ({}));
    switch (spec.kind) {
      case 'postgres':
        return databases.ensure({ plan, ref, spec }, signal);
      case 'sample-api': {
        const { ref: database } = find(plan, spec.database);
        const url = admin.url(naming.database(database), databases.credentials(database, 'a'));
        return apis.ensure(ref, spec, url, signal);
      }
      case 'shell':
        return workspaces.ensure(ref, spec, plan.version);
    }
  }

  function workspaceOf(plan: SandboxPlan, component: string): string {
    const { planned, ref } = find(plan, component);
    if (planned.spec.kind === 'shell') return workspaces.path(ref);
    throw new LabError(
      'bad_request',
      `Component "${component}" is of kind ${planned.spec.kind} and has no files.`,
    );
  }

  async function observe(plan: SandboxPlan) {
    const names = Object.keys(plan.components);
    const hasDatabase = Object.values(plan.components).some(({ spec }) => spec.kind === 'postgres');
    // Asked beside the API's own health, not before it.
    const found = hasDatabase ? databases.find(plan.sandboxId) : Promise.resolve([]);
    const seen = await Promise.all(
      names.map(async (name): Promise<readonly [string, ComponentObservation]> => {
        const { planned, ref } = find(plan, name);
        switch (planned.spec.kind) {
          case 'postgres':
            return [name, observeDatabase(await found, { plan, ref, spec: planned.spec })];
          case 'sample-api':
            return [name, await apis.observe(ref)];
          case 'shell':
            return [name, workspaces.observe(ref)];
        }
      }),
    );
    return { components: Object.fromEntries(seen.filter(([, { state }]) => state !== 'absent')) };
  }

  async function environmentOf(plan: SandboxPlan, home: string): Promise<Record<string, string>> {
    const facts: Record<string, string> = {};
    for (const [name, { spec }] of Object.entries(plan.components)) {
      if (spec.kind === 'shell') continue;
      const { url, user, password } = traineeFacts(access(plan, name));
      const prefix = name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
      facts[`${prefix}_URL`] = String(url);
      facts[`${prefix}_USER`] = String(user);
      facts[`${prefix}_PASSWORD`] = String(password);
    }
    return { ...facts, HOME: home, PATH: searchPath.join(':'), LANG: 'C.UTF-8', TERM: 'dumb' };
  }

  return {
    name: 'process',
    capabilities: { isolation: false },
    prepare: (version, signal) => templates.prepare(version, signal),
    ensure: (plan, component, signal) => {
      const { planned } = find(plan, component);
      // Without parameters less is made.
      const key = `${planned.generation}/${plan.params === null}`;
      return inFlight.ensure(plan.sandboxId, component, key, () => make(plan, component, signal), signal);
    },
    observe: (plan) => observe(plan),
    access,
    async dial(plan, component, signal) {
      const facts = access(plan, component);
      if (facts.kind === 'shell')
        throw new LabError('bad_request', `Component "${component}" listens on no port.`);
      return dialLoopback(facts.host, facts.port, signal);
    },
    async resetStatistics(plan, component) {
      const { planned, ref } = find(plan, component);
      if (planned.spec.kind !== 'postgres')
        throw new LabError('bad_request', `Component "${component}" has no statement statistics.`);
      await resetStatistics(admin, naming.database(ref), component, planned.spec);
    },
    async exec(plan, component, argv, limits, signal) {
      const cwd = workspaceOf(plan, component);
      return runProgram({ argv, cwd, env: await environmentOf(plan, cwd), user: labUser }, limits, signal);
    },
    async readFiles(plan, component, query, signal) {
      return findFiles(workspaceOf(plan, component), query, signal);
    },
    async writeFile(plan, component, path, content, signal) {
      signal.throwIfAborted();
      await writeFileBeneath(workspaceOf(plan, component), path, content, labUser);
    },
    destroy: (sandboxId) =>
      inFlight.destroy(sandboxId, async () => {
        await children.stop(sandboxId);
        await endInhabitants(records.folder(sandboxId));
        await databases.remove(sandboxId);
        records.remove(sandboxId);
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
    },
    pruneTemplates: (keep, spare) => templates.prune(keep, spare),
    async close() {
      await inFlight.settled();
      await children.close();
      await admin.close();
    },
  };
}

/** Template databases that nobody needs now but may soon again, such as after an edit that is taken back. */
const unneededKept = 2;

function observeDatabase(
  found: readonly FoundDatabase[],
  piece: Piece<PostgresComponent>,
): ComponentObservation {
  const [newest] = found
    .filter((database) => database.componentPart === componentPart(piece.ref.component))
    .sort((a, b) => b.generation - a.generation);
  if (newest === undefined) return { state: 'absent', generation: 0, detail: null };
  const serves = newest.open && !lacksOverlay(piece, newest);
  return { state: serves ? 'running' : 'starting', generation: newest.generation, detail: null };
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
