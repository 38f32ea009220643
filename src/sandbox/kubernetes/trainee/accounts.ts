/**
 * The account that a trainee acts as, one a lab. It is in the lab's own namespace and not in theirs: a token ends with its
 * account, and theirs may be deleted by a drill. What was made of their namespaces is noted there too, for the same reason.
 */
import type { V1ServiceAccount } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import { componentPart } from '../../naming.ts';
import { statusOf } from '../errors.ts';
import { sandboxMeta } from '../labels.ts';
import type { Cluster, Spaces } from '../types.ts';
import { accountName } from './own-names.ts';

/** What was put into a namespace: a template's objects, at this generation; `empty`: they were taken away on purpose. */
export interface Made {
  readonly generation: number;
  readonly isEmpty: boolean;
}

export interface Accounts {
  /** Its namespace must be there. */
  ensure(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Null: nothing was made whole yet. */
  made(
    ref: { readonly sandboxId: string; readonly component: string },
    signal: AbortSignal,
  ): Promise<Made | null>;
  note(
    ref: { readonly sandboxId: string; readonly component: string },
    made: Made,
    signal: AbortSignal,
  ): Promise<void>;
  /** Throws LabError `object_not_found` when the lab has ended. */
  token(sandboxId: string, until: Date, signal: AbortSignal): Promise<Token>;
  /** Does something with the trainee's rights; once more where the account was made anew since. */
  asTrainee<T>(sandboxId: string, work: (cluster: Cluster) => Promise<T>, signal: AbortSignal): Promise<T>;
  forget(sandboxId: string): void;
}

export interface Token {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Of tokens that we act with ourselves. */
const ownSeconds = 3_600;
const renewedBeforeMs = 300_000;

export function createAccounts(
  cluster: Cluster,
  spaces: Pick<Spaces, 'controlOf'>,
  installationId: string,
): Accounts {
  const acting = new Map<string, { readonly cluster: Cluster; readonly until: number }>();
  const accountOf = (sandboxId: string) => ({ namespace: spaces.controlOf(sandboxId), name: accountName });
  const kind = { apiVersion: 'v1', kind: 'ServiceAccount' };
  const keyOf = (component: string) => `made.labwright.dev/${componentPart(component)}`;

  async function trainee(sandboxId: string, signal: AbortSignal): Promise<Cluster> {
    const known = acting.get(sandboxId);
    if (known !== undefined && known.until > Date.now()) return known.cluster;
    const { token, expiresAt } = await cluster.token(accountOf(sandboxId), ownSeconds, signal);
    const own = cluster.as(token);
    for (const [id, { until }] of acting) if (until <= Date.now()) acting.delete(id);
    acting.set(sandboxId, { cluster: own, until: expiresAt.getTime() - renewedBeforeMs });
    return own;
  }

  return {
    async ensure(sandboxId, signal) {
      const { labels } = sandboxMeta(installationId, sandboxId, new Date());
      const metadata = { ...accountOf(sandboxId), labels };
      await cluster.apply({ ...kind, metadata, automountServiceAccountToken: false }, signal);
    },
    async made({ sandboxId, component }, signal) {
      const there = await cluster.read<V1ServiceAccount>({ ...kind, ...accountOf(sandboxId) }, signal);
      const [, generation, empty] =
        /^(\d+)( empty)?$/.exec(there?.metadata?.annotations?.[keyOf(component)] ?? '') ?? [];
      return generation === undefined
        ? null
        : { generation: Number(generation), isEmpty: empty !== undefined };
    },
    async note({ sandboxId, component }, { generation, isEmpty }, signal) {
      const value = `${generation}${isEmpty ? ' empty' : ''}`;
      const patch = { metadata: { annotations: { [keyOf(component)]: value } } };
      await cluster.patch({ ...kind, ...accountOf(sandboxId) }, patch, { type: 'merge' }, signal);
    },
    async token(sandboxId, until, signal) {
      const seconds = Math.ceil((until.getTime() - Date.now()) / 1_000);
      if (seconds <= 0) throw new LabError('lab_ended', 'The lab has ended, and with it its tokens.');
      return cluster.token(accountOf(sandboxId), seconds, signal);
    },
    async asTrainee(sandboxId, work, signal) {
      try {
        return await work(await trainee(sandboxId, signal));
      } catch (thrown) {
        if (statusOf(thrown) !== 401) throw thrown;
        acting.delete(sandboxId);
        return work(await trainee(sandboxId, signal));
      }
    },
    forget: (sandboxId) => void acting.delete(sandboxId),
  };
}
