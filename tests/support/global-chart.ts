import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKubeConfig, withToken } from '../../src/sandbox/kubernetes/client-config.ts';
import { toolsMissing } from '../helm/helm.ts';
import { startIdentity } from '../helm/identity.ts';
import { driverKubeconfigVariable, kubeconfigPath, kubernetesMissing } from './kubernetes.ts';

/**
 * Where every suite must run, Labwright is in the cluster what its chart makes of it, for the whole test run: a right
 * that the chart leaves out fails what needs it. Elsewhere it is whoever runs the tests.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.LABWRIGHT_REQUIRE_ALL !== '1' || toolsMissing !== null || kubernetesMissing !== null)
    return;
  const identity = await startIdentity();
  const folder = mkdtempSync(join(tmpdir(), 'labwright-chart-account-'));
  const file = join(folder, 'kubeconfig');
  const account = withToken(loadKubeConfig({ kubeconfig: kubeconfigPath, context: null }), identity.token);
  writeFileSync(file, account.exportConfig(), { mode: 0o600 });
  process.env[driverKubeconfigVariable] = file;
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    await identity.stop();
  };
}
