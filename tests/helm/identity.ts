/** The account that the chart makes, with its roles and its fence, in a namespace of its own and without the rest. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { chart, documentsOf, helm, kubectl, type Manifest, type Rule } from './helm.ts';

export interface Identity {
  /** Works for two hours. */
  readonly token: string;
  /** The rules of the role for what Labwright does itself, and of what it may grant. */
  readonly own: readonly Rule[];
  readonly granted: readonly Rule[];
  stop(): Promise<void>;
}

const kinds = [
  ...['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding'],
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
];

export async function startIdentity(): Promise<Identity> {
  const namespace = `labwright-test-${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'labwright-chart-'));
  const rendered = documentsOf(await helm('template', 'labwright', chart, '--namespace', namespace));
  const wanted = rendered.filter(({ kind }) => kinds.includes(kind));
  const file = join(folder, 'identity.yaml');
  writeFileSync(file, wanted.map((one) => stringify(one)).join('---\n'));
  const rules = (suffix: string) =>
    wanted.find((one) => isRole(one) && one.metadata.name === `${namespace}-labwright${suffix}`)?.rules ?? [];

  async function stop(): Promise<void> {
    await kubectl('delete', '--filename', file, '--namespace', namespace, '--ignore-not-found');
    await kubectl('delete', 'namespace', namespace, '--ignore-not-found');
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await kubectl('create', 'namespace', namespace);
    await kubectl('apply', '--filename', file, '--namespace', namespace);
    const token = await kubectl('create', 'token', 'labwright', '--namespace', namespace, '--duration=2h');
    return { token: token.trim(), own: rules(''), granted: rules('-trainees'), stop };
  } catch (thrown) {
    await stop().catch(() => {});
    throw thrown;
  }
}

const isRole = ({ kind }: Manifest) => kind === 'ClusterRole';
