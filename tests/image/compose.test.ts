/** compose.yaml as it stands: what it holds services to, and a lab on a site that it has brought up. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { productVersion, projectRoot } from '../../src/config.ts';
import { createClient } from '../e2e/client.ts';
import { dockerHost, dockerMissing, startTestEngine } from '../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../support/images.ts';

const run = promisify(execFile);
const minute = 60_000;
const missing = whyMissing();

function whyMissing(): string | null {
  if (dockerMissing !== null) return dockerMissing;
  return spawnSync('docker', ['compose', 'version']).status === 0
    ? null
    : 'the plug-in docker compose is not there';
}

it('has docker compose to try', (context) => {
  if (missing === null) return;
  expect(process.env.LABWRIGHT_REQUIRE_ALL, `LABWRIGHT_REQUIRE_ALL=1, and ${missing}`).not.toBe('1');
  console.warn(`SKIPPED: ${missing}.`);
  context.skip(missing);
});

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly volumes?: readonly { readonly source: string }[];
  readonly ports?: readonly { readonly host_ip?: string }[];
  readonly networks: object;
}

describe.skipIf(missing !== null)('compose.yaml', () => {
  let folder: string;
  let file: string;
  const project = `labwright-test-${randomBytes(4).toString('hex')}`;
  const settings = {
    INSTALLATION_KEY: randomBytes(32).toString('hex'),
    POSTGRES_PASSWORD: randomBytes(16).toString('hex'),
    DOCKER_GROUP: String(statSync(decodeURIComponent(new URL(dockerHost).pathname)).gid),
    LABWRIGHT_PORT: '0',
    LABWRIGHT_LABS_PORT: '0',
    SPARES: '0',
  };

  async function compose(...args: readonly string[]): Promise<string> {
    const given = [
      'compose',
      '--project-name',
      project,
      '--env-file',
      file,
      '--project-directory',
      projectRoot,
    ];
    // Nothing of whoever runs the tests: only what is in the file.
    const { PATH = '', HOME = '', DOCKER_HOST } = process.env;
    const env = { PATH, HOME, ...(DOCKER_HOST !== undefined && { DOCKER_HOST }) };
    return (await run('docker', [...given, ...args], { env, maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
  }
  const set = (values: Readonly<Record<string, string>>) =>
    writeFileSync(
      file,
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwright-compose-'));
    file = join(folder, 'site.env');
    set(settings);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('names the images of this version', async () => {
    const images = await compose('--profile', 'images', 'config', '--images');
    expect(images.split('\n')).toEqual(
      expect.arrayContaining([`labwright:${productVersion()}`, `labwright-workspace:${productVersion()}`]),
    );
  });

  it('says which setting it needs', async () => {
    for (const name of ['INSTALLATION_KEY', 'POSTGRES_PASSWORD', 'DOCKER_GROUP']) {
      set({ ...settings, [name]: '' });
      await expect(compose('config', '--quiet'), name).rejects.toThrow(name);
    }
    set(settings);
  });

  it('denies every service what it does not need', async () => {
    const { services } = JSON.parse(await compose('config', '--format', 'json')) as {
      services: Record<string, Service>;
    };
    expect(Object.keys(services).sort()).toEqual(['api', 'postgres', 'redis', 'worker']);
    for (const [name, one] of Object.entries(services)) {
      expect(one, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect(one.privileged, name).toBeUndefined();
      for (const { host_ip } of one.ports ?? []) expect(host_ip, name).toBe('127.0.0.1');
    }
    const having = (what: (one: Service) => boolean) =>
      Object.keys(services)
        .filter((name) => services[name] && what(services[name]))
        .sort();
    expect(
      having(({ volumes = [] }) => volumes.some(({ source }) => source.includes('docker.sock'))),
    ).toEqual(['api', 'worker']);
    expect(having(({ ports = [] }) => ports.length > 0)).toEqual(['api']);
    expect(having(({ networks }) => 'outside' in networks)).toEqual(['api']);
  });

  describe('brought up', { timeout: 10 * minute }, () => {
    beforeAll(async () => {
      await ensureImages({ for: 'service' });
      await compose('up', '--detach', '--wait', '--no-build');
    }, imagesTimeoutMs);
    afterAll(async () => {
      const ask = [
        'psql',
        '--username=labwright',
        '--tuples-only',
        '--no-align',
        '--command=select id from installation',
      ];
      const id = await compose('exec', '--no-TTY', 'postgres', ...ask).catch(() => '');
      await compose('down', '--volumes', '--timeout', '30');
      if (id !== '') await startTestEngine(id).stop();
    }, 3 * minute);

    it('makes a lab on the same engine and grades it', async () => {
      const url = `http://${await compose('port', 'api', '4000')}`;
      const make = ['exec', '--no-TTY', 'api', 'labwright', 'token', 'create'];
      const trainee = createClient(url, await compose(...make, 'ann'));
      const { id } = await trainee.create({ template: 'dm-customer-lifecycle' });
      await trainee.untilReady(id, 3 * minute);
      expect(await trainee.grade(id)).toMatchObject({ state: 'finished', points: 0 });
      await trainee.remove(id);
      await trainee.untilEnded(id, 2 * minute);
    });

    it('finds itself whole after a restart of each part', async () => {
      await compose('restart', '--timeout', '40');
      // It may have come up before its database, given up and been started once more: what counts is that it comes.
      const parts = async () => {
        const url = `http://${await compose('port', 'api', '4000')}`;
        return ((await (await fetch(`${url}/readyz`)).json()) as { parts: object }).parts;
      };
      await expect
        .poll(() => parts().catch(() => null), { timeout: 4 * minute, interval: 500 })
        .toMatchObject({ database: 'up', queue: 'up', 'backend:docker': 'up' });
      const state = ['ps', '--format', '{{.Service}} {{.Health}}'];
      await expect
        .poll(async () => (await compose(...state)).split('\n').sort(), {
          timeout: 4 * minute,
          interval: 1_000,
        })
        .toEqual(['api healthy', 'postgres healthy', 'redis healthy', 'worker healthy']);
    });
  });
});
