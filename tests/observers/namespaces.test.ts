/** Looks into a trainee's namespace: objects, Services, pods, volumes, and whose fault it is when nothing is seen. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Observation, ObserverKind } from '../../src/grading/types.ts';
import { LabError } from '../../src/lab/errors.ts';
import type { KubernetesObject } from '../../src/lab/namespaces.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { webDeployment } from '../contracts/namespaces-contract.ts';
import { observerContract, type Target } from '../contracts/observer-contract.ts';
import { lookContext, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import { type OpenedNamespaces, openMemoryNamespaces } from '../support/memory-namespaces.ts';

const kinds = observerKinds();
const kindOf = (name: string): ObserverKind => {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`no observer ${name}`);
  return kind;
};

let opened: OpenedNamespaces;
let server: Server;
let db: LabDatabase;
/** What the cluster does instead of answering. */
let trouble: ((what: string) => void) | null = null;
let asked: string[] = [];

beforeAll(async () => {
  db = await startLabDatabase();
  server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url, host: request.headers.host }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened = await openMemoryNamespaces({
    log: 'one\ntwo\nthree\n',
    before: (what) => {
      asked.push(what);
      trouble?.(what);
    },
  });
  await opened.apply(webDeployment(2), service('web', 8080), service('gone', 80), service('postgres', 5432));
});
afterAll(async () => {
  server.close();
  await Promise.all([opened.close(), db.stop()]);
});
beforeEach(() => {
  trouble = null;
  asked = [];
});

function service(name: string, port: number): KubernetesObject {
  const spec = { selector: { app: name }, ports: [{ port }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels: { app: name } }, spec };
}

function context() {
  const { port } = server.address() as AddressInfo;
  const closed = { host: '127.0.0.1', port: 1 };
  const { host, port: databasePort } = db.access;
  const services = { web: { host: '127.0.0.1', port }, gone: closed, postgres: { host, port: databasePort } };
  const components = { production: { kind: 'namespace', namespace: 'lw-production' } } as const;
  return lookContext(testHandle(components, { namespaces: opened.handle, services }));
}

const look = (kind: string, spec: object, handle = context()): Promise<Observation> => {
  const observer = kindOf(kind);
  const parsed = observer.spec.parse({ component: 'production', ...spec });
  return observer.observe(parsed, handle, AbortSignal.timeout(60_000));
};

async function seen(kind: string, spec: object): Promise<unknown> {
  const observation = await look(kind, spec);
  if (observation.outcome === 'unseen') throw new Error(`${observation.problem}: ${observation.internal}`);
  return observation.value;
}

const unseen = (problem: string, reason: string | RegExp) =>
  expect.objectContaining({ outcome: 'unseen', problem, reason: expect.stringMatching(reason) });

const silent = () => {
  throw new LabError('backend_unavailable', 'The cluster does not answer.');
};

const login = () => {
  const { database, trainee } = db.access;
  return { service: 'postgres', database, user: trainee.user, password: trainee.password };
};

describe('objects', () => {
  it('are seen by kind, name and label', async () => {
    expect(await seen('kubernetes', { kind: 'Deployment', name: 'web' })).toMatchObject({
      count: 1,
      objects: [{ kind: 'Deployment', status: { availableReplicas: 2 } }],
    });
    expect(await seen('kubernetes', { kind: 'Pod', selector: 'app=web' })).toMatchObject({ count: 2 });
    expect(await seen('kubernetes', { kind: 'Service', name: 'nothing' })).toEqual({ count: 0, objects: [] });
    expect(await seen('kubernetes', { kind: 'Backup', apiVersion: 'shop/v1' })).toEqual({
      count: 0,
      objects: [],
    });
  });

  it('are bounded in number, in bytes and in depth', async () => {
    expect(await look('kubernetes', { kind: 'Service', limit: 2 })).toEqual(
      unseen('oversized', 'more than 2'),
    );
    const deep = JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`);
    await opened.apply({ apiVersion: 'v1', kind: 'Deep', metadata: { name: 'deep' }, data: deep });
    expect(await look('kubernetes', { kind: 'Deep', apiVersion: 'v1' })).toEqual(
      unseen('oversized', 'levels deep'),
    );
    const large = {
      apiVersion: 'v1',
      kind: 'Large',
      metadata: { name: 'large' },
      data: 'x'.repeat(1_100_000),
    };
    await opened.apply(large);
    expect(await look('kubernetes', { kind: 'Large', apiVersion: 'v1' })).toEqual(
      unseen('oversized', '1024 KiB'),
    );
  });

  it('that cannot be seen are ours only when the cluster does not answer at all', async () => {
    trouble = silent;
    expect(await look('kubernetes', { kind: 'Pod' })).toEqual(unseen('backend_down', 'from our side'));
    let first = true;
    trouble = (what) => {
      if (what === 'list Pod' && first) {
        first = false;
        silent();
      }
    };
    expect(await look('kubernetes', { kind: 'Pod' })).toMatchObject({ outcome: 'seen' });
    trouble = (what) => (what === 'list Pod' ? silent() : undefined);
    expect(await look('kubernetes', { kind: 'Pod' })).toEqual(unseen('refused', 'is it running'));
    trouble = () => {
      throw new LabError('object_denied', 'Pods may not be listed.');
    };
    expect(await look('kubernetes', { kind: 'Pod' })).toEqual(unseen('denied', 'may not be listed'));
  });

  it('are asked for in vain where the backend has no cluster', async () => {
    const bare = lookContext(testHandle({ production: { kind: 'namespace', namespace: 'x' } }));
    expect(await look('kubernetes', { kind: 'Pod' }, bare)).toEqual(
      unseen('bug', 'which this lab has none of'),
    );
    const http = { service: 'web', port: 80, path: '/' };
    expect(await look('http', http, bare)).toEqual(unseen('bug', 'which this lab has none of'));
  });
});

describe('Services', () => {
  it('are asked under their own name, at a port of theirs', async () => {
    const value = await seen('http', { service: 'web', path: '/x' });
    expect(value).toMatchObject({ status: 200, json: { path: '/x', host: 'web' } });
    expect(await seen('http', { service: 'web', port: 81, path: '/' })).toMatchObject({
      json: { host: 'web:81' },
    });
    const repeat = { requests: 10, concurrency: 2 };
    expect(await seen('http', { service: 'web', path: '/', repeat })).toMatchObject({ errors: 0 });
  });

  it('are named wrongly or have nothing behind them: the trainee’s', async () => {
    expect(await look('http', { service: 'nothing', path: '/' })).toEqual(
      unseen('missing', 'There is no Service "nothing"'),
    );
    expect(await look('http', { service: 'gone', path: '/' })).toEqual(
      unseen('refused', 'Nothing answers behind the Service gone in production'),
    );
  });

  it('are ours to reach: a silent cluster is no refusal', async () => {
    trouble = silent;
    expect(await look('http', { service: 'gone', port: 80, path: '/' })).toEqual(
      unseen('backend_down', 'our side'),
    );
    expect(await look('tcp', { service: 'gone', port: 80 })).toEqual(unseen('backend_down', 'our side'));
  });

  it('are open or not', async () => {
    expect(await seen('tcp', { service: 'web' })).toMatchObject({ open: true });
    expect(await seen('tcp', { service: 'gone' })).toMatchObject({ open: false });
    expect(await seen('tcp', { service: 'nothing' })).toMatchObject({ open: false });
  });
});

describe('databases in a namespace', () => {
  it('are read as the user that is named, and only read', async () => {
    const value = await seen('sql', { ...login(), query: 'select current_user::text as who' });
    expect(value).toMatchObject({ rows: [{ who: db.access.trainee.user }] });
    const wrote = await look('sql', {
      ...login(),
      query: "select set_config('a.b', 'c', false), txid_current()::text",
    });
    expect(wrote.outcome).toBe('seen');
    expect(await look('sql', { ...login(), query: 'create table x (y int)' })).toMatchObject({
      outcome: 'unseen',
    });
    expect(await seen('schema', login())).toHaveProperty('tables');
  });

  it('that let nobody in, or are not there, are the trainee’s', async () => {
    const query = 'select 1 as one';
    expect(await look('sql', { ...login(), password: 'wrong', query })).toEqual(
      unseen('denied', 'does not let'),
    );
    expect(await look('sql', { ...login(), database: 'nothing', query })).toEqual(
      unseen('missing', 'There is no database nothing'),
    );
    expect(await look('sql', { ...login(), service: 'gone', query })).toEqual(
      unseen('refused', 'Nothing answers behind the Service gone'),
    );
    expect(await look('sql', { ...login(), service: 'nothing', query })).toEqual(
      unseen('missing', 'no Service'),
    );
    trouble = silent;
    expect(await look('sql', { ...login(), service: 'gone', port: 1, query })).toEqual(
      unseen('backend_down', 'our side'),
    );
  });
});

describe('pods and volumes', () => {
  it('say what they printed, and what a program in them does', async () => {
    expect(await seen('log', { pod: { selector: 'app=web' }, match: '^t', last: 1 })).toEqual({
      lines: ['three'],
      count: 2,
    });
    const argv = ['sh', '-c', 'echo out; exit 3'];
    expect(await seen('exec', { pod: { selector: 'app=web' }, argv })).toMatchObject({
      exitCode: 3,
      stdout: 'out\n',
    });
    expect(await look('log', { pod: { name: 'nothing' } })).toEqual(
      unseen('missing', 'There is no pod nothing'),
    );
  });

  it('do not begin a program twice when the cluster falls silent', async () => {
    trouble = (what) => (what === 'podExec' ? silent() : undefined);
    expect(await look('exec', { pod: { selector: 'app=web' }, argv: ['true'] })).toEqual(
      unseen('refused', 'running'),
    );
    expect(asked.filter((what) => what === 'podExec')).toHaveLength(1);
  });

  it('are read by a program of ours, whose silence is not the trainee’s', async () => {
    trouble = (what) => (what === 'volumeFiles' ? silent() : undefined);
    expect(await look('file', { volume: 'backups', glob: '*' })).toEqual(unseen('backend_down', 'our side'));
  });

  it('hold files, newest first, also of several YAML documents', async () => {
    const argv = [
      'sh',
      '-c',
      'printf PGDMP1 > /backups/db-1.dump; printf "a: 1\n---\nb: [2]\n---\n" > /backups/s.yaml',
    ];
    await seen('exec', { pod: { selector: 'app=web' }, argv });
    expect(await seen('file', { volume: 'backups', glob: 'db-*.dump', newest: 2, head: 5 })).toMatchObject({
      exists: true,
      files: [{ path: 'db-1.dump', bytes: 6, head: 'PGDMP' }],
    });
    expect(await seen('file', { volume: 'backups', path: 's.yaml', parse: 'documents' })).toMatchObject({
      documents: [{ a: 1 }, { b: [2] }],
    });
    // Of several documents `yaml` is the first.
    expect(await seen('file', { volume: 'backups', path: 's.yaml', parse: 'yaml' })).toMatchObject({
      yaml: { a: 1 },
    });
  });
});

describe('kubernetes', () => {
  const target = (spec: object) => (): Target => ({
    spec: { component: 'production', ...spec },
    context: context(),
  });
  observerContract({
    kind: kindOf('kubernetes'),
    good: target({ kind: 'Service' }),
    hostile: {
      'is larger than may be': target({ kind: 'Large', apiVersion: 'v1' }),
      'is deeper than may be': target({ kind: 'Deep', apiVersion: 'v1' }),
      'is more than may be': target({ kind: 'Pod', limit: 1 }),
    },
    endless: null,
    secrets: () => [],
  });
});
