/** What of an installation's sandboxes exists on this machine, found without asking Labwright. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { decodeLabels, labelVariable } from '../../src/sandbox/labels.ts';
import { createNaming, sandboxPart } from '../../src/sandbox/naming.ts';

export interface Installation {
  readonly id: string;
  readonly dataDir: string;
  /** Superuser URLs. */
  readonly controlUrl: string;
  readonly labsUrl: string;
}

/** One thing and the sandbox that it belongs to, as names show it. */
interface Thing {
  readonly kind: 'process' | 'database' | 'role' | 'folder' | 'port';
  readonly name: string;
  readonly sandbox: string;
}

export type Counts = Readonly<Record<Thing['kind'], number>>;

/** How much there is of each kind, spares included. */
export async function countThings(installation: Installation): Promise<Counts> {
  const counts = { process: 0, database: 0, role: 0, folder: 0, port: 0 };
  for (const { kind } of await findThings(installation)) counts[kind] += 1;
  return counts;
}

/**
 * Things that no living sandbox owns, and living sandboxes whose lab has ended; empty when nothing leaks. Pass `owned`
 * to say which sandboxes may have anything at all.
 */
export async function findLeftovers(installation: Installation): Promise<readonly string[]> {
  const things = await findThings(installation);
  const living = await query<{ id: string; ended: boolean }>(
    installation.controlUrl,
    `select s.id, coalesce(l.phase in ('terminating', 'terminated'), false) as ended
     from sandboxes s left join labs l on l.id = s.lab_id where s.state in ('building', 'up')`,
  );
  const owners = new Set(living.map(({ id }) => sandboxPart(id)));
  return [
    ...things.filter(({ sandbox }) => !owners.has(sandbox)).map(({ kind, name }) => `${kind} ${name}`),
    ...living.filter(({ ended }) => ended).map(({ id }) => `row of sandbox ${id}, whose lab has ended`),
  ];
}

/** What there is of sandboxes whose owner begins so, whatever their rows say: `attempt:`, `checkpoint:`. */
export async function findOwned(installation: Installation, owner: string): Promise<readonly string[]> {
  const owned = await query<{ id: string }>(
    installation.controlUrl,
    'select id from sandboxes where starts_with(owner, $1)',
    [owner],
  );
  const parts = new Set(owned.map(({ id }) => sandboxPart(id)));
  const things = await findThings(installation);
  return things.filter(({ sandbox }) => parts.has(sandbox)).map(({ kind, name }) => `${kind} ${name}`);
}

/** Ids of the processes that serve sandboxes, by sandbox part. */
export function processesOfSandboxes(installationId: string): readonly { pid: number; sandbox: string }[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const marks = readFileSync(`/proc/${entry}/environ`, 'utf8')
        .split('\0')
        .filter((line) => line.startsWith(`${labelVariable}=`));
      const labels = decodeLabels(marks[0]?.slice(labelVariable.length + 1) ?? '');
      if (labels?.installationId !== installationId) return [];
      return [{ pid: Number(entry), sandbox: sandboxPart(labels.sandboxId) }];
    } catch {
      return [];
    }
  });
}

async function findThings({ id, dataDir, labsUrl }: Installation): Promise<readonly Thing[]> {
  const naming = createNaming(id);
  const owned = (kind: Thing['kind']) => (name: string) => {
    const parsed = naming.parse(name);
    return parsed === null ? [] : [{ kind, name, sandbox: parsed.sandboxPart }];
  };
  const [databases, roles] = await Promise.all([
    query<{ name: string }>(labsUrl, 'select datname as name from pg_database'),
    query<{ name: string }>(labsUrl, 'select rolname as name from pg_roles'),
  ]);
  const root = join(dataDir, 'sandboxes');
  // Beside them there is the link to the packages of programs.
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  return [
    ...databases.map(({ name }) => name).flatMap(owned('database')),
    ...roles.map(({ name }) => name).flatMap(owned('role')),
    ...folders.map((name) => ({ kind: 'folder' as const, name, sandbox: name })),
    ...folders.flatMap((folder) =>
      portsOf(join(root, folder)).map((name) => ({ kind: 'port' as const, name, sandbox: folder })),
    ),
    ...processesOfSandboxes(id).map(({ pid, sandbox }) => ({
      kind: 'process' as const,
      name: String(pid),
      sandbox,
    })),
  ];
}

/** Ports that are kept for a sandbox. */
function portsOf(folder: string): readonly string[] {
  try {
    const record = JSON.parse(readFileSync(join(folder, 'sandbox.json'), 'utf8')) as { ports: object };
    return Object.values(record.ports).map(String);
  } catch {
    return [];
  }
}

/** One statement on a connection of its own; again when a copy of the database, for a trial or a checkpoint, ends it. */
export async function query<Row extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<readonly Row[]> {
  for (let more = 10; ; more -= 1) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Row>(text, values)).rows;
    } catch (thrown) {
      if (!(thrown instanceof pg.DatabaseError) || thrown.code !== '57P01' || more === 0) throw thrown;
    } finally {
      await client.end().catch(() => {});
    }
    await delay(200);
  }
}
