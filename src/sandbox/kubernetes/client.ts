/** The cluster's API for objects of any kind. */
import type { KubeConfig } from '@kubernetes/client-node';
import { LabError } from '../../lab/errors.ts';
import { withToken } from './client-config.ts';
import { createKinds, type Kinds, type Resource, type ResourceList, versionPath } from './client-kinds.ts';
import { type Agents, type ApiAnswer, type ApiRequest, createTransport } from './client-transport.ts';
import { ApiFailure, clusterError, failureOf, readStatus, statusOf } from './errors.ts';
import { withRetries } from './retry.ts';
import type { Cluster, KindOf, ObjectName } from './types.ts';

export interface OwnCluster extends Cluster {
  readonly url: string;
  /**
   * What changes among objects of one kind, an event a line, from a version on; ends when the API ends it. Throws as the
   * others do, `statusOf` 410 when that version is too old.
   */
  watch(
    of: KindOf & { readonly selector: string; readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
  /** As `list`, with the version that a `watch` goes on from. */
  listed<T extends object>(
    of: KindOf & { readonly namespace?: string; readonly selector?: string },
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }>;
  /** Anything else of the API, such as `/version`. */
  get<T extends object>(path: string, signal: AbortSignal): Promise<T>;
  /** Whether admission would refuse this object; it is not made. Throws where we may not make such objects at all. */
  wouldRefuse(object: object, signal: AbortSignal): Promise<boolean>;
  close(): void;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: object;
}

const fieldManager = 'labwright';
const patienceMs = 30_000;
const pageSize = 500;
const watchSeconds = 290;

interface Meta {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface ApiList {
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly object[];
}

/**
 * Connects at the first request.
 *
 * @param renew is called when the credentials of `config` are not taken, before they are tried once more.
 */
export function createCluster(config: KubeConfig, renew: () => void = () => {}): OwnCluster {
  return clusterOn(config, new Map(), null, { isOurs: true, renew });
}

function clusterOn(
  config: KubeConfig,
  agents: Agents,
  knownKinds: Kinds | null,
  { isOurs, renew }: { readonly isOurs: boolean; readonly renew: () => void },
): OwnCluster {
  const transport = createTransport(config, agents);
  const kinds = knownKinds ?? createKinds(discover);

  async function once(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const answer = await withinPatience(signal, (limited) => transport.ask(request, limited));
    if (answer.status < 400) return answer;
    throw new ApiFailure(readStatus(answer.status, answer.body, answer.headers['retry-after']));
  }

  function refresh(): void {
    renew();
    transport.refresh();
  }

  /** Credentials that were just renewed are read anew, once. */
  async function effort(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    try {
      return await once(request, signal);
    } catch (thrown) {
      if (statusOf(thrown) !== 401) throw thrown;
      refresh();
      return once(request, signal);
    }
  }

  const ask = async <T>(what: string, request: ApiRequest, signal: AbortSignal): Promise<T> =>
    JSON.parse(await askText(what, request, signal)) as T;

  async function askText(what: string, request: ApiRequest, signal: AbortSignal): Promise<string> {
    try {
      const { body } = await withRetries(() => effort(request, signal), signal);
      return body;
    } catch (thrown) {
      signal.throwIfAborted();
      throw clusterError(thrown, { url: transport.url, what, isOurs });
    }
  }

  async function discover(path: string): Promise<ResourceList | null> {
    const signal = AbortSignal.timeout(patienceMs);
    try {
      return await ask('tell which kinds of objects it has', { method: 'GET', path }, signal);
    } catch (thrown) {
      if (statusOf(thrown) === 404) return null;
      throw thrown;
    }
  }

  /** Throws LabError `validation_failed` for an unknown kind. */
  async function resourceOf(of: KindOf): Promise<Resource> {
    const resource = await kinds.resourceOf(of);
    if (resource !== null) return resource;
    const text = `The cluster has no objects of the kind ${of.kind} in ${of.apiVersion}.`;
    throw new LabError('validation_failed', text);
  }

  /** `verb resource in namespace`, and where it is. */
  async function place(verb: string, of: KindOf & { namespace?: string | undefined; name?: string }) {
    const { plural, namespaced } = await resourceOf(of);
    // Without one the path would be that of all objects of the kind.
    if (of.name === '') throw new LabError('validation_failed', `A ${of.kind} has no name.`);
    const inside = namespaced && of.namespace !== undefined ? `/namespaces/${encode(of.namespace)}` : '';
    const name = of.name === undefined ? '' : `/${encode(of.name)}`;
    const where = inside === '' ? '' : ` in namespace ${of.namespace}`;
    const which = of.name === undefined ? '' : ` ${of.name}`;
    return {
      what: `${verb} ${plural}${which}${where}`,
      path: `${versionPath(of.apiVersion)}${inside}/${plural}${name}`,
    };
  }

  const placeOf = (verb: string, { apiVersion, kind, metadata: { namespace, name } }: Meta) =>
    place(verb, { apiVersion, kind, namespace, name });

  async function orNull<T>(status: number, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (thrown) {
      if (statusOf(thrown) !== status || failureOf(thrown)?.reason === 'Conflict') throw thrown;
      return null;
    }
  }

  async function pages<T extends object>(
    of: KindOf & { readonly namespace?: string; readonly selector?: string; readonly limit?: number },
    signal: AbortSignal,
  ) {
    const { what, path } = await place('list', { ...of });
    const items: T[] = [];
    const most = of.limit ?? Number.POSITIVE_INFINITY;
    for (let next = ''; ; ) {
      const query = new URLSearchParams({ limit: String(Math.min(pageSize, most - items.length)) });
      if (of.selector !== undefined) query.set('labelSelector', of.selector);
      if (next !== '') query.set('continue', next);
      const page = await ask<ApiList>(what, { method: 'GET', path: `${path}?${query}` }, signal);
      // The API leaves them out in lists.
      for (const item of page.items) items.push({ apiVersion: of.apiVersion, kind: of.kind, ...item } as T);
      next = page.metadata.continue ?? '';
      if (next === '' || items.length >= most) {
        return { items, resourceVersion: page.metadata.resourceVersion };
      }
    }
  }

  /** From the start, when the list has become too old between two pages of it. */
  async function listed<T extends object>(of: Parameters<typeof pages>[0], signal: AbortSignal) {
    try {
      return await pages<T>(of, signal);
    } catch (thrown) {
      if (statusOf(thrown) !== 410) throw thrown;
      return pages<T>(of, signal);
    }
  }

  return {
    config,
    url: transport.url,
    async read<T extends object>(name: ObjectName, signal: AbortSignal) {
      const { what, path } = await place('get', name);
      return orNull(404, () => ask<T>(what, { method: 'GET', path }, signal));
    },
    list: async <T extends object>(of: Parameters<Cluster['list']>[0], signal: AbortSignal) =>
      (await listed<T>(of, signal)).items,
    listed,
    async apply<T extends object>(object: T, signal: AbortSignal) {
      const { what, path } = await placeOf('patch', object as unknown as Meta);
      const query = new URLSearchParams({ fieldManager, force: 'true' });
      const request = { method: 'PATCH', path: `${path}?${query}`, body: object } as const;
      return ask<T>(what, { ...request, contentType: 'application/apply-patch+yaml' }, signal);
    },
    async create<T extends object>(object: T, signal: AbortSignal) {
      const { apiVersion, kind, metadata } = object as unknown as Meta;
      const { what, path } = await place('create', { apiVersion, kind, namespace: metadata.namespace });
      const query = new URLSearchParams({ fieldManager });
      const request = { method: 'POST', path: `${path}?${query}`, body: object } as const;
      return orNull(409, () => ask<T>(what, request, signal));
    },
    async patch<T extends object>(
      name: ObjectName,
      body: object,
      { type, subresource }: { readonly type: keyof typeof patchTypes; readonly subresource?: string },
      signal: AbortSignal,
    ) {
      const { what, path } = await place('patch', name);
      const sub = subresource === undefined ? '' : `/${encode(subresource)}`;
      const query = new URLSearchParams({ fieldManager });
      const request = { method: 'PATCH', path: `${path}${sub}?${query}`, body } as const;
      return ask<T>(`${what}${sub}`, { ...request, contentType: patchTypes[type] }, signal);
    },
    async remove(name, { graceSeconds, uid }, signal) {
      const { what, path } = await place('delete', name);
      const body = {
        ...{ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
        ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      };
      await orNull(404, () => ask(what, { method: 'DELETE', path, body }, signal));
    },
    async token({ namespace, name }, seconds, signal) {
      const path = `/api/v1/namespaces/${encode(namespace)}/serviceaccounts/${encode(name)}/token`;
      const body = {
        ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
        spec: { expirationSeconds: Math.max(600, Math.round(seconds)) },
      };
      const what = `create serviceaccounts/token ${name} in namespace ${namespace}`;
      const { status } = await ask<{
        readonly status: { readonly token: string; readonly expirationTimestamp: string };
      }>(what, { method: 'POST', path, body }, signal);
      return { token: status.token, expiresAt: new Date(status.expirationTimestamp) };
    },
    isNamespaced: async (of) => (await resourceOf(of)).namespaced,
    as: (token) => clusterOn(withToken(config, token), agents, kinds, { isOurs: false, renew: () => {} }),
    async *watch({ selector, resourceVersion, ...kind }, signal) {
      const { what, path } = await place('watch', kind);
      const query = new URLSearchParams({
        ...{ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(watchSeconds) },
        ...{ labelSelector: selector, resourceVersion },
      });
      try {
        yield* readEvents(await transport.open({ method: 'GET', path: `${path}?${query}` }, signal));
      } catch (thrown) {
        if (statusOf(thrown) === 401) refresh();
        throw clusterError(thrown, { url: transport.url, what, isOurs });
      }
    },
    async podLog({ namespace, pod, container }, options, signal) {
      const query = new URLSearchParams({ container });
      for (const [name, value] of Object.entries(options)) query.set(name, String(value));
      const path = `/api/v1/namespaces/${encode(namespace)}/pods/${encode(pod)}/log?${query}`;
      return askText(`get pods/log ${pod} in namespace ${namespace}`, { method: 'GET', path }, signal);
    },
    get: (path, signal) => ask(`get ${path}`, { method: 'GET', path }, signal),
    async wouldRefuse(object, signal) {
      const { apiVersion, kind, metadata } = object as Meta;
      const { what, path } = await place('create', { apiVersion, kind, namespace: metadata.namespace });
      try {
        await ask(what, { method: 'POST', path: `${path}?dryRun=All`, body: object }, signal);
        return false;
      } catch (thrown) {
        if (thrown instanceof LabError && thrown.code === 'validation_failed') return true;
        throw thrown;
      }
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
} as const;

async function* readEvents(
  answer: AsyncIterable<unknown> & { readonly statusCode?: number | undefined },
): AsyncIterable<WatchEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const piece of answer) {
    rest += decoder.decode(piece as Uint8Array, { stream: true });
    if ((answer.statusCode ?? 0) >= 400) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') continue;
      const event = JSON.parse(line) as { readonly type: string; readonly object: { code?: number } };
      if (event.type === 'ERROR') {
        throw new ApiFailure(readStatus(event.object.code ?? 500, JSON.stringify(event.object), undefined));
      }
      yield event as WatchEvent;
    }
  }
  const status = answer.statusCode ?? 0;
  if (status >= 400) throw new ApiFailure(readStatus(status, rest, undefined));
}

/** An API server that hangs is not waited for without end. */
async function withinPatience<T>(
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(patienceMs);
  try {
    return await work(AbortSignal.any([signal, limit]));
  } catch (thrown) {
    signal.throwIfAborted();
    if (!limit.aborted) throw thrown;
    throw Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' });
  }
}

const encode = encodeURIComponent;
