/** Pods of trainees: which one is meant, what it printed, and programs in it. */
import type { Readable } from 'node:stream';
import type { V1Pod } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { PodQuery } from '../../../lab/namespaces.ts';
import type { ExecLimits, ExecResult } from '../../../lab/ports.ts';
import { createCapped } from '../../containers/capped.ts';
import type { Cluster, PodExec } from '../types.ts';
import { isOwn } from './own-names.ts';
import { readPodLog } from './pod-log.ts';

export interface TraineePods {
  /** Throws as `exec`. */
  log(namespace: string, query: PodQuery, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** Throws `object_not_found` with what was looked for, `backend_unavailable` where it does not run. */
  exec(
    namespace: string,
    query: PodQuery,
    argv: readonly string[],
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<ExecResult>;
}

export function createTraineePods(cluster: Cluster, exec: PodExec): TraineePods {
  async function find(namespace: string, query: PodQuery, signal: AbortSignal) {
    const all = await cluster.list<V1Pod>(
      {
        ...{ apiVersion: 'v1', kind: 'Pod', namespace },
        ...(query.selector === undefined ? {} : { selector: query.selector }),
      },
      signal,
    );
    const pod = pickPod(all, query);
    const which = query.name === undefined ? `with ${query.selector ?? 'any name'}` : `"${query.name}"`;
    if (pod === null) throw new LabError('object_not_found', `There is no pod ${which}.`);
    const name = pod.metadata?.name ?? '';
    const containers = (pod.spec?.containers ?? []).map((one) => one.name);
    const container = query.container ?? containers[0] ?? '';
    if (!containers.includes(container)) {
      const text = `Pod "${name}" has no container "${container}"; it has: ${containers.join(', ')}.`;
      throw new LabError('object_not_found', text);
    }
    return { namespace, pod: name, container };
  }

  return {
    async log(namespace, query, maxBytes, signal) {
      const at = await find(namespace, query, signal);
      return readPodLog(cluster.config, at, maxBytes, signal);
    },
    async exec(namespace, query, argv, limits, signal) {
      const at = await find(namespace, query, signal);
      const words = limits.cwd === undefined ? argv : inFolder(limits.cwd, argv);
      const started = performance.now();
      const late = AbortSignal.timeout(limits.timeoutMs);
      const { stream, onError, exitCode } = await exec.open(at, words, { stdin: false }, signal);
      const end = () => void stream.destroy();
      const stdout = createCapped(limits.maxBytes, end);
      const stderr = createCapped(limits.maxBytes, end);
      onError((bytes) => stderr.take(bytes));
      const either = AbortSignal.any([signal, late]);
      either.addEventListener('abort', end, { once: true });
      if (either.aborted) end();
      const broken = await drain(stream, (bytes) => stdout.take(bytes));
      const code = await exitCode;
      signal.throwIfAborted();
      const truncated = stdout.isOver() || stderr.isOver();
      if (broken instanceof LabError && !late.aborted && !truncated) throw broken;
      return {
        exitCode: code,
        signal: null,
        stdout: stdout.text(),
        stderr: stderr.text(),
        timedOut: late.aborted && code === null && !truncated,
        truncated,
        durationMs: Math.round(performance.now() - started),
      };
    },
  };
}

/** Resolves with what broke it; null: it ended. */
function drain(stream: Readable, take: (bytes: Buffer) => void): Promise<unknown> {
  return new Promise((resolve) => {
    stream.on('data', take);
    stream.once('end', () => resolve(null));
    stream.once('error', resolve);
    stream.once('close', () => resolve(null));
  });
}

/** The API knows no folder to start in. */
function inFolder(folder: string, argv: readonly string[]): readonly string[] {
  return ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', folder, ...argv];
}

/** Of several the one that is most likely to answer: ready before running before any, and by name. Pure. */
export function pickPod(pods: readonly V1Pod[], { name }: PodQuery): V1Pod | null {
  const rank = ({ metadata, status }: V1Pod) => {
    if (metadata?.deletionTimestamp !== undefined) return 3;
    if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return 0;
    return status?.phase === 'Running' ? 1 : 2;
  };
  const nameOf = ({ metadata }: V1Pod) => metadata?.name ?? '';
  const [first] = pods
    .filter((pod) => !isOwn(nameOf(pod)) && (name === undefined || nameOf(pod) === name))
    .sort((a, b) => rank(a) - rank(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
  return first ?? null;
}
