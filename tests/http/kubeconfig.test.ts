/** A lab's namespaces for kubectl: over the API and the command line. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabError } from '../../src/lab/errors.ts';
import type { Kubeconfig } from '../../src/lab/kubeconfigs.ts';
import { run } from '../cli/labwright.ts';
import { client, startWorld } from './world.ts';

type World = Awaited<ReturnType<typeof startWorld>>;

let world: World;
let url: string;
let folder: string;
let lab: string;
let token: string;
let answer: () => Promise<Kubeconfig | null>;
let asked = 0;

const expiresAt = new Date('2030-01-02T03:04:05.000Z');
const given = (text: string): Kubeconfig => ({ text, expiresAt, contexts: ['production', 'vault'] });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-kubeconfig-'));
  const kubeconfigs = { of: () => answer() };
  world = await startWorld({ deps: { kubeconfigs } });
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`;
  token = await world.token('trainee', 'ann');
  const { json } = await client(world.app, token)('POST', '/labs', { template: 'first-steps' });
  lab = json.id;
  await world.makeReady(lab, { email: 'x@example.org', key: 'k' });
});
afterAll(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const access = async () => (await client(world.app, token)('GET', `/labs/${lab}/access`)).json;
const labwright = (...args: string[]) =>
  run(['lab', ...args], { LABWRIGHT_URL: url, LABWRIGHT_TOKEN: token, DATA_DIR: folder });

describe('the access of a lab', () => {
  it('has another kubeconfig at each call', async () => {
    answer = async () => given(`token ${++asked}`);
    const first = await access();
    expect(first.kubeconfig).toEqual({
      ...{ text: 'token 1', expiresAt: expiresAt.toISOString(), contexts: ['production', 'vault'] },
    });
    expect(first.kubeconfigNote).toBeNull();
    expect((await access()).kubeconfig.text).toBe('token 2');
  });

  it('has none where there are no namespaces', async () => {
    answer = async () => null;
    await expect(access()).resolves.toMatchObject({ kubeconfig: null, kubeconfigNote: null });
  });

  it('tells everything else where the cluster gives none, and why', async () => {
    answer = async () => {
      throw new LabError('backend_not_supported', 'This cluster has no address for trainees.');
    };
    const told = await access();
    expect(told.components.database.facts.url).toContain('postgresql://');
    expect(told).toMatchObject({
      ...{ kubeconfig: null, kubeconfigNote: 'This cluster has no address for trainees.' },
    });
  });
});

describe('lab kubeconfig', { timeout: 60_000 }, () => {
  it('prints it', async () => {
    answer = async () => given('apiVersion: v1\nkind: Config\n');
    const { code, stdout } = await labwright('kubeconfig', lab);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'apiVersion: v1\nkind: Config\n' });
  });

  it('writes it for its owner alone, over one that others could read', async () => {
    answer = async () => given('secret');
    const file = join(folder, 'lab config');
    writeFileSync(file, 'old and longer', { mode: 0o644 });
    const { code, stdout, stderr } = await labwright('kubeconfig', lab, '--write', file);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `export KUBECONFIG='${file}'\n` });
    expect(stderr).toContain('Contexts: production, vault.');
    expect(readFileSync(file, 'utf8')).toBe('secret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const bad = await labwright('kubeconfig', lab, '--write', folder);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('--write: found');
  });

  it('says why there is none', async () => {
    answer = async () => null;
    const none = await labwright('kubeconfig', lab);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain('No component of this lab is a namespace of a cluster.');
    answer = async () => {
      throw new LabError('backend_unavailable', 'Kubernetes does not answer.');
    };
    const broken = await labwright('kubeconfig', lab);
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain('Kubernetes does not answer.');
  });

  it('is named by lab access', async () => {
    answer = async () => given('x');
    const { stderr } = await labwright('access', lab);
    expect(stderr).toContain(`labwright lab kubeconfig ${lab} --write`);
  });
});
