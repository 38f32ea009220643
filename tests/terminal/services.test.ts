/** Ways to Services of namespaces: which Service of which namespace is reached, and what is refused. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createKubeconfigs } from '../../src/lab/kubeconfigs.ts';
import type { LabService } from '../../src/lab/lab-service.ts';
import type { ComponentPort, SandboxDriver } from '../../src/lab/ports.ts';
import { parseServicePort, readServicePort } from '../../src/lab/service-port.ts';
import { componentOf, hostOf, parseHost } from '../../src/proxy/hosts.ts';
import { createPageOpener } from '../../src/proxy/open-page.ts';
import { createPages } from '../../src/proxy/pages.ts';
import type { BackendName, ComponentSpec } from '../../src/templates/types.ts';
import { createWays } from '../../src/terminal/ways.ts';
import { versionWith } from '../support/versions.ts';

const production: ComponentSpec = {
  kind: 'namespace',
  ...{ uses: [], custody: 'trainee', objects: null, rights: ['view'], storage: {}, pods: 5 },
};
const redis: ComponentSpec = { kind: 'redis', uses: [], custody: 'platform', trainee: true } as ComponentSpec;
const version = versionWith('small', 'hash', { components: { production, vault: production, redis } });
const row = { generation: 1, observed: 'running', servedGeneration: 1, detail: null };
const expiresAt = new Date('2030-01-02T03:04:05.000Z');
const found = {
  lab: {
    id: 'lab-abcdefghjkmn',
    phase: 'ready',
    backend: 'kubernetes',
    trainee: 'ann',
    params: {},
    expiresAt,
  },
  sandbox: { id: 'box', state: 'up', components: { production: row, vault: row, redis: row }, origin: null },
  version,
};
const labs = {
  getLabWithTemplate: async () => found,
  use: async () => {},
} as unknown as Pick<LabService, 'getLabWithTemplate' | 'use'>;
const ann = { role: 'trainee', subject: 'ann' } as const;
const lab = found.lab.id;

function world() {
  const dialled: [string, ComponentPort | undefined][] = [];
  const asked: unknown[] = [];
  const driver = {
    async dial(_plan: unknown, component: string, _signal: AbortSignal, port?: ComponentPort) {
      dialled.push([component, port]);
      return new PassThrough();
    },
    namespaces: {
      async kubeconfig(_plan: unknown, ...rest: unknown[]) {
        asked.push(rest.slice(0, 3));
        return { text: 'config', expiresAt };
      },
    },
  } as unknown as SandboxDriver;
  const drivers = new Map<BackendName, SandboxDriver>([['kubernetes', driver]]);
  return { dialled, asked, drivers };
}

const signal = () => AbortSignal.timeout(10_000);

describe('a tunnel', () => {
  it('leads to the Service that is named', async () => {
    const { dialled, drivers } = world();
    const ways = createWays(labs, drivers, () => null);
    const way = await ways.find(ann, lab, 'production', 'tunnel', { service: 'web', port: 80 });
    await way.dial(signal());
    await (await ways.find(ann, lab, 'redis', 'tunnel')).dial(signal());
    expect(dialled).toEqual([
      ['production', { service: 'web', port: 80 }],
      ['redis', 'main'],
    ]);
  });

  it('names a Service in a namespace, and nowhere else', async () => {
    const ways = createWays(labs, world().drivers, () => null);
    await expect(ways.find(ann, lab, 'production', 'tunnel')).rejects.toMatchObject({
      ...{ code: 'bad_request', extra: { field: 'service' } },
      message: expect.stringContaining('say which Service'),
    });
    await expect(ways.find(ann, lab, 'redis', 'tunnel', { service: 'web', port: 80 })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('only a namespace has Services'),
    });
  });
});

describe('the name of a Service', () => {
  it.each(['web:80', 'a:1', 'dotmac-api:65535'])('may be %s', (text) => {
    const [service, port] = text.split(':');
    expect(readServicePort(text)).toEqual({ service, port: Number(port) });
  });
  it.each(['web', 'web:', 'web:0', 'web:65536', 'Web:80', '-a:80', 'a-:80', 'a.b:80', 'a:80:1', ':80', ''])(
    'may not be "%s"',
    (text) => {
      expect(() => parseServicePort(text, 'service')).toThrow(/service: found/);
    },
  );
});

describe('pages', () => {
  const base = new URL('http://localhost:4001');
  const codes = () => {
    const issued: object[] = [];
    const issue = async (entry: object) => {
      issued.push(entry);
      return { code: 'c', expiresAt };
    };
    return { issued, issue };
  };

  it('of a Service have an origin of their own', async () => {
    const { dialled, drivers } = world();
    const pages = createPages(labs, drivers, Date.now);
    const { issued, issue } = codes();
    const opener = createPageOpener(pages, { issue }, base);
    const { url } = await opener.open(ann, lab, 'production', '/', { service: 'web', port: 80 });
    expect(new URL(url).hostname).toBe(`${lab}-production-web-80.localhost`);
    expect(issued).toMatchObject([{ component: 'production:web:80' }]);
    const host = parseHost(new URL(url).host, 'localhost');
    expect(componentOf(host?.label ?? '', ['production:web:80'])).toBe('production:web:80');
    expect(componentOf(host?.label ?? '', ['production:web:81'])).toBeNull();
    await (await pages.of(ann, lab)).dial('production:web:80', signal());
    expect(dialled).toEqual([['production', { service: 'web', port: 80 }]]);
    expect(() => hostOf(lab, 'production:web:80', 'localhost')).not.toThrow();
  });

  it('of a namespace need a Service, and those of others have none', async () => {
    const opener = createPageOpener(createPages(labs, world().drivers, Date.now), codes(), base);
    await expect(opener.open(ann, lab, 'production', '/', null)).rejects.toMatchObject({
      ...{ code: 'bad_request', extra: { field: 'service' } },
    });
    await expect(opener.open(ann, lab, 'redis', '/', { service: 'web', port: 80 })).rejects.toMatchObject({
      code: 'component_not_found',
      message: expect.stringContaining('production, vault'),
    });
  });
});

describe('a kubeconfig', () => {
  it('leads to all namespaces of the lab, until its end', async () => {
    const { asked, drivers } = world();
    const given = await createKubeconfigs(labs, drivers).of(ann, lab, signal());
    expect(given).toEqual({ text: 'config', expiresAt, contexts: ['production', 'vault'] });
    expect(asked).toEqual([[['production', 'vault'], 'outside', expiresAt]]);
  });
});
