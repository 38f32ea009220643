/** Which cluster is meant, and as whom we speak to it. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { LabError } from '../../lab/errors.ts';
import type { OwnPlace } from './options.ts';

export interface ClusterChoice {
  /** Path of a kubeconfig; null: the service account where one is mounted, else the user's own kubeconfig. */
  readonly kubeconfig: string | null;
  /** A context of the kubeconfig; null: its current one. */
  readonly context: string | null;
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where this process runs in a cluster; null: outside of one, or without a service account. */
export function readOwnPlace(podLabels: OwnPlace['podLabels']): OwnPlace | null {
  try {
    return { namespace: readFileSync(join(accountFolder, 'namespace'), 'utf8').trim(), podLabels };
  } catch {
    return null;
  }
}

/**
 * Throws LabError `backend_unavailable` with what is wrong with the file.
 *
 * @param config is filled, so that those who have it already see what is new in the file.
 */
export function loadKubeConfig(
  { kubeconfig, context }: ClusterChoice,
  config: KubeConfig = new KubeConfig(),
): KubeConfig {
  if (kubeconfig === null && existsSync(join(accountFolder, 'token'))) {
    config.loadFromCluster();
    return config;
  }
  const path = kubeconfig ?? join(homedir(), '.kube', 'config');
  try {
    config.loadFromFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw unusable(path, `cannot be read: ${why}`, cause);
  }
  if (context !== null) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  const names = config.getContexts().map((one) => `"${one.name}"`);
  if (config.getContextObject(name) === null) {
    throw unusable(path, `has no context "${name ?? ''}"; it has: ${names.join(', ') || 'none'}`);
  }
  if (config.getCurrentCluster() === null) {
    throw unusable(path, `names a cluster in its context "${name}" that it does not have`);
  }
  return config;
}

/** The same cluster with a token in the place of all other credentials. */
export function withToken(config: KubeConfig, token: string): KubeConfig {
  const cluster = currentCluster(config);
  const own = new KubeConfig();
  own.loadFromClusterAndUser(cluster, { name: 'token', token });
  return own;
}

/** Throws LabError `backend_unavailable`. */
export function currentCluster(config: KubeConfig) {
  const cluster = config.getCurrentCluster();
  if (cluster !== null) return cluster;
  throw new LabError('backend_unavailable', 'The kubeconfig names no cluster.');
}

function unusable(path: string, what: string, cause?: unknown): LabError {
  const text = `The kubeconfig ${path} ${what}. Name another by KUBECONFIG and KUBERNETES_CONTEXT.`;
  return new LabError('backend_unavailable', text, { cause });
}
