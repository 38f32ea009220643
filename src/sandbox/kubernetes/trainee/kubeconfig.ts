/** What kubectl reads: where the cluster is, as whom, and a namespace a context. Pure. */
import { stringify } from 'yaml';

export interface KubeconfigFacts {
  readonly server: string;
  /** PEM, base64; null: a certificate that is known everywhere. */
  readonly authority: string | null;
  readonly skipVerify: boolean;
  readonly token: string;
  /** Name of a context → real namespace; the first is the current one. */
  readonly contexts: readonly (readonly [string, string])[];
}

export function kubeconfigText({ server, authority, skipVerify, token, contexts }: KubeconfigFacts): string {
  const [current] = contexts[0] ?? [''];
  const trust = skipVerify
    ? { 'insecure-skip-tls-verify': true }
    : authority === null
      ? {}
      : { 'certificate-authority-data': authority };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, ...trust } }],
    users: [{ name: 'trainee', user: { token } }],
    contexts: contexts.map(([name, namespace]) => ({
      name,
      context: { cluster: 'lab', user: 'trainee', namespace },
    })),
    'current-context': current,
  });
}
