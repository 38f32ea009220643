/** The labs that the driver contract makes, and ways into them. */
import type pg from 'pg';
import type { ComponentAccess, SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import { clientFor, type Dial } from '../../src/sandbox/postgres/target.ts';
import type { ComponentSpec, TemplateVersion } from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';

/** A postgres component's fields that say nothing in particular. */
export const plainDatabase = {
  grants: [],
  statementStats: null,
  overlay: [],
  extensions: [],
  replicaOf: null,
  archive: false,
} as const;

/** A lab with all three kinds of components. */
export function contractVersion(
  role: 'read-only' | 'read-write' | 'schema-owner' = 'read-write',
): TemplateVersion {
  const components: Record<string, ComponentSpec> = {
    database: {
      kind: 'postgres',
      uses: [],
      custody: 'platform',
      seed: { generator: 'sample-api', scale: 'S', number: 1 },
      traineeRole: role,
      ...plainDatabase,
    },
    api: {
      kind: 'sample-api',
      uses: ['database'],
      custody: 'platform',
      database: 'database',
      variant: 'stock',
      source: null,
      env: {},
    },
    workspace: {
      kind: 'shell',
      uses: ['database', 'api'],
      custody: 'trainee',
      files: 'workspace/',
      tools: [],
    },
  };
  const files = new Map(
    Object.entries({
      'workspace/notes.txt': 'start\n',
      'workspace/bin/hello.sh': '#!/bin/sh\necho hello\n',
      'x.txt': 'no',
    }),
  );
  const encoded = new Map([...files].map(([name, text]) => [name, new TextEncoder().encode(text)]));
  return { ...versionWith('contract', `hash-${role}`, { components }), files: encoded };
}

export function planFor(
  sandboxId: string,
  version: TemplateVersion,
  generations: Record<string, number> = {},
  more: Partial<Pick<SandboxPlan, 'params' | 'origin' | 'variation'>> = {},
): SandboxPlan {
  const components = Object.entries(version.template.components).map(
    ([name, spec]) => [name, { name, spec, generation: generations[name] ?? 1 }] as const,
  );
  return {
    sandboxId,
    version,
    components: Object.fromEntries(components),
    params: null,
    origin: null,
    variation: null,
    ...more,
  };
}

/** A fork of this sandbox, cloned from it as it is now; with some of its components only where they are named. */
export function forkOf(
  origin: SandboxPlan,
  sandboxId: string,
  components: readonly string[] = Object.keys(origin.components),
  generations: Record<string, number> = {},
): SandboxPlan {
  const { version, params } = origin;
  const plan = planFor(sandboxId, version, generations, { origin, params });
  const kept = Object.entries(plan.components).filter(([name]) => components.includes(name));
  return { ...plan, components: Object.fromEntries(kept) };
}

export async function ensureAll(
  driver: SandboxDriver,
  plan: SandboxPlan,
  signal: AbortSignal,
): Promise<void> {
  for (const component of ['database', 'api', 'workspace']) {
    if (plan.components[component] !== undefined) await driver.ensure(plan, component, signal);
  }
}

/** With the way there: where the address is one of the lab's own network, only the driver can go there. */
export type PostgresAccess = Extract<ComponentAccess, { kind: 'postgres' }> & { readonly dial: Dial };

export function postgresAccess(
  driver: SandboxDriver,
  plan: SandboxPlan,
  component = 'database',
): PostgresAccess {
  const access = driver.access(plan, component);
  if (access.kind !== 'postgres') throw new Error('not a database');
  return { ...access, dial: () => driver.dial(plan, component, AbortSignal.timeout(30_000)) };
}

/** A client for a role of the lab, not connected yet. */
export function clientAs(
  { host, port, database: own, dial, ...who }: PostgresAccess,
  role: 'trainee' | 'checker' | 'grader',
  database: string = own,
): pg.Client {
  const { user, password } = who[role];
  const url = `postgres://${user}:${password}@${host}:${port}/${encodeURIComponent(database)}`;
  return clientFor({ url, dial });
}

/** Queries as a role of the lab, the way a trainee would. */
export async function asRole<Row extends pg.QueryResultRow>(
  access: PostgresAccess,
  role: 'trainee' | 'checker' | 'grader',
  sql: string,
  database: string = access.database,
): Promise<Row[]> {
  const client = clientAs(access, role, database);
  try {
    await client.connect();
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
