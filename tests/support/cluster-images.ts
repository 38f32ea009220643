/** Labwright's own images on the nodes of the cluster, as they are made of the sources now. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { alone, ensureImages, type OwnImages, platformImages } from './images.ts';
import { kubeconfigPath, startTestCluster } from './kubernetes.ts';

const run = promisify(execFile);

/**
 * A shell command that takes an archive of `docker save` on its standard input and brings it to all nodes. Without it
 * the nodes are believed to have the images, or to pull them.
 */
const load = process.env.LABWRIGHT_CLUSTER_LOAD || null;
const known = join(tmpdir(), 'labwright-cluster-images');

/** As `ensureImages`, and on the nodes; give the hook `imagesTimeoutMs`. */
export async function ensureClusterImages(
  want: { readonly for: 'labs' | 'service' } = { for: 'labs' },
): Promise<OwnImages> {
  const images = await ensureImages(want);
  const cluster = await clusterId();
  for (const name of [...Object.values(images), ...platformImages]) await ensureLoaded(cluster, name);
  return images;
}

async function ensureLoaded(cluster: string, name: string): Promise<void> {
  if (load === null) return;
  const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{ .Id }}', name]);
  const note = join(known, `${cluster}-${name.replaceAll(/[^a-z0-9.]/g, '_')}`);
  const isThere = () => existsSync(note) && readFileSync(note, 'utf8') === stdout.trim();
  if (isThere()) return;
  await alone(async () => {
    if (isThere()) return;
    const loading = spawn('sh', ['-c', `docker save "$0" | ${load}`, name], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [loading.stdout, loading.stderr])
      stream.on('data', (text) => (said += String(text)));
    const [code] = await once(loading, 'close');
    if (code !== 0) throw new Error(`LABWRIGHT_CLUSTER_LOAD of ${name} failed:\n${said.slice(-2_000)}`);
    mkdirSync(known, { recursive: true });
    writeFileSync(note, stdout.trim());
  });
}

/** One cluster may be made anew behind the same kubeconfig. */
async function clusterId(): Promise<string> {
  const { cluster } = startTestCluster('nobody');
  try {
    const name = { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' };
    const found = await cluster.read<{ metadata: { uid: string } }>(name, AbortSignal.timeout(30_000));
    return found?.metadata.uid ?? kubeconfigPath ?? '';
  } finally {
    cluster.close();
  }
}
