/** What every implementation of the `Namespaces` port keeps to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject, Namespaces } from '../../src/lab/namespaces.ts';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import type { ComponentSpec, Json, TemplateVersion } from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';

export interface NamespacesSubject {
  readonly namespaces: Namespaces;
  /** Of `namespacesVersion`, with its component up. */
  readonly plan: SandboxPlan;
  close(): Promise<void>;
}

/** A lab with one namespace, in which the trainee may deploy, read logs and enter pods. */
export function namespacesVersion(): TemplateVersion {
  const production: ComponentSpec = {
    kind: 'namespace',
    uses: [],
    custody: 'trainee',
    objects: 'objects/',
    rights: ['view', 'deploy', 'exec', 'logs'],
    storage: { backups: 16 },
    pods: 10,
  };
  const files = new Map([
    ['objects/greeting.yaml', new TextEncoder().encode(JSON.stringify(greeting('start')))],
  ]);
  return { ...versionWith('namespaces', 'hash-namespaces', { components: { production } }), files };
}

const config = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const web = { ...deployments, name: 'web' } as const;
const pod = { selector: 'app=web' } as const;
const caps = { timeoutMs: 20_000, maxBytes: 64 * 1024 };
/** A pod's start on a busy machine. */
const startMs = 120_000;

function greeting(text: string, name = 'greeting'): KubernetesObject {
  return { ...config, metadata: { name, labels: { tier: name } }, data: { text } };
}

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 999,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** Says hello and stays, with the volume at /backups. */
export function webDeployment(replicas = 1): KubernetesObject {
  const container = {
    name: 'web',
    image: 'busybox:1',
    command: ['sh', '-c', 'echo hello from web; trap "exit 0" TERM; while true; do sleep 1; done'],
    env: [{ name: 'RELEASE', value: 'one' }],
    volumeMounts: [{ name: 'backups', mountPath: '/backups' }],
    securityContext: restricted,
  };
  const volumes = [{ name: 'backups', persistentVolumeClaim: { claimName: 'backups' } }];
  const spec = {
    terminationGracePeriodSeconds: 1,
    securityContext: { fsGroup: 999 },
    containers: [container],
    volumes,
  };
  const template = { metadata: { labels: { app: 'web' } }, spec };
  return {
    ...deployments,
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template },
  };
}

export function namespacesContract(name: string, open: () => Promise<NamespacesSubject>): void {
  describe(`the namespaces of ${name}`, { timeout: 2 * startMs }, () => {
    let subject: NamespacesSubject;
    let all: Namespaces;
    let plan: SandboxPlan;
    const signal = AbortSignal.timeout(20 * 60_000);

    beforeAll(async () => {
      subject = await open();
      all = subject.namespaces;
      plan = subject.plan;
    }, 2 * startMs);
    afterAll(() => subject?.close(), startMs);

    const list = (query: Parameters<Namespaces['list']>[2]) => all.list(plan, 'production', query, signal);
    const named = async (kind: { apiVersion: string; kind: string }, one: string) =>
      (await list({ ...kind, name: one, limit: 1 }))[0] ?? null;
    const apply = (as: 'trainee' | 'grader', ...manifests: KubernetesObject[]) =>
      all.apply(plan, 'production', as, manifests, signal);
    const failing = (code: string) => expect.objectContaining({ code });
    const at = (value: Json | undefined, ...path: (string | number)[]): Json | undefined =>
      path.reduce<Json | undefined>(
        (found, key) =>
          found === null || found === undefined ? undefined : (found as Record<string, Json>)[key],
        value,
      );
    async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
      const end = performance.now() + startMs;
      for (;;) {
        const seen = await look();
        if (holds(seen)) return seen;
        if (performance.now() > end) throw new Error(`it never held; last: ${JSON.stringify(seen)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const served = () =>
      until(
        () => named(deployments, 'web'),
        (one) => at(one ?? null, 'status', 'availableReplicas') === 1,
      );

    it("has the template's objects, as the cluster has them, without the bookkeeping of their fields", async () => {
      const found = await named(config, 'greeting');
      expect(found).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { text: 'start' } });
      expect(at(found ?? null, 'metadata')).not.toHaveProperty('managedFields');
    });

    it('lists by name and by label, none where there is none, and no more than may be', async () => {
      await apply('grader', greeting('a', 'first'), greeting('b', 'second'));
      expect(await named(config, 'nothing')).toBeNull();
      expect(await list({ ...config, selector: 'tier=second', limit: 5 })).toMatchObject([
        { data: { text: 'b' } },
      ]);
      expect(await list({ ...config, selector: 'tier=third', limit: 5 })).toEqual([]);
      await expect(list({ ...config, selector: 'tier in (first,second)', limit: 1 })).rejects.toEqual(
        failing('payload_too_large'),
      );
    });

    it('applies with the rights of the trainee: anew, changed, refused', async () => {
      await apply('trainee', greeting('one', 'own'));
      await apply('trainee', greeting('two', 'own'));
      expect(await named(config, 'own')).toMatchObject({ data: { text: 'two' } });
      const quota = {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'more' },
        spec: { hard: { pods: '99' } },
      };
      await expect(apply('trainee', quota)).rejects.toEqual(failing('object_denied'));
    });

    it('says that a manifest is refused for what it holds, and what came before it stays', async () => {
      const broken = { ...deployments, metadata: { name: 'broken' }, spec: { replicas: 1 } };
      await expect(apply('trainee', greeting('kept', 'before'), broken)).rejects.toEqual(
        failing('validation_failed'),
      );
      expect(await named(config, 'before')).toMatchObject({ data: { text: 'kept' } });
    });

    it('removes what is there, and is content where nothing is', async () => {
      const ref = { ...config, name: 'goes' };
      await apply('trainee', greeting('x', 'goes'));
      await all.remove(plan, 'production', 'trainee', ref, signal);
      await until(
        () => named(config, 'goes'),
        (one) => one === null,
      );
      await all.remove(plan, 'production', 'trainee', ref, signal);
    });

    it('runs what is deployed: its log, programs in it, files of its volume', async () => {
      await apply('trainee', webDeployment());
      await served();
      const log = () => all.podLog(plan, 'production', pod, 1024, signal);
      expect(await until(log, (text) => text !== '')).toBe('hello from web\n');
      expect(await all.podLog(plan, 'production', pod, 4, signal)).toBe('web\n');
      const run = (...argv: string[]) => all.podExec(plan, 'production', pod, argv, caps, signal);
      expect(await run('sh', '-c', 'echo out; echo err >&2; exit 3')).toMatchObject({
        exitCode: 3,
        stdout: 'out\n',
        stderr: 'err\n',
        timedOut: false,
        truncated: false,
      });
      await run('sh', '-c', 'printf PGDMP-long > /backups/db-1.dump; printf x > /backups/note.txt');
      await run('ln', '-s', '/etc/passwd', '/backups/db-link.dump');
      const query = { glob: 'db-*.dump', maxFiles: 10, maxBytesEach: 1024 };
      const found = await all.volumeFiles(plan, 'production', 'backups', query, signal);
      expect(found.map(({ path, bytes }) => [path, bytes])).toEqual([['db-1.dump', 10]]);
      expect(new TextDecoder().decode(found[0]?.content ?? new Uint8Array())).toBe('PGDMP-long');
      const head = await all.volumeFiles(plan, 'production', 'backups', { ...query, headBytes: 5 }, signal);
      expect(new TextDecoder().decode(head[0]?.content ?? new Uint8Array())).toBe('PGDMP');
    });

    it('says which pod or volume is not there', async () => {
      const absent = { selector: 'app=nothing' };
      await expect(all.podLog(plan, 'production', absent, 10, signal)).rejects.toEqual(
        failing('object_not_found'),
      );
      await expect(
        all.podExec(plan, 'production', { name: 'nothing' }, ['true'], caps, signal),
      ).rejects.toEqual(failing('object_not_found'));
    });

    it('patches a list by the names in it, replaces what is to be replaced, and gives what is there then', async () => {
      await apply('trainee', webDeployment());
      const image = { spec: { template: { spec: { containers: [{ name: 'web', image: 'busybox:1.0' }] } } } };
      const patched = await all.patch(plan, 'production', 'trainee', web, image, signal);
      expect(at(patched, 'spec', 'template', 'spec', 'containers')).toMatchObject([
        { name: 'web', image: 'busybox:1.0', env: [{ name: 'RELEASE', value: 'one' }] },
      ]);
      const template = at(webDeployment(), 'spec', 'template') as { [key: string]: Json };
      const back = { spec: { template: { $patch: 'replace', ...template } } };
      const whole = await all.patch(plan, 'production', 'trainee', web, back, signal);
      expect(at(whole, 'spec', 'template', 'spec', 'containers', 0, 'image')).toBe('busybox:1');
      const nothing = { ...deployments, name: 'nothing' };
      await expect(all.patch(plan, 'production', 'trainee', nothing, image, signal)).rejects.toEqual(
        failing('object_not_found'),
      );
    });

    it('scales', async () => {
      await apply('trainee', webDeployment());
      await all.scale(plan, 'production', 'trainee', web, 0, signal);
      expect(at(await named(deployments, 'web'), 'spec', 'replicas')).toBe(0);
      const nothing = { ...deployments, name: 'nothing' };
      await expect(all.scale(plan, 'production', 'trainee', nothing, 1, signal)).rejects.toEqual(
        failing('object_not_found'),
      );
    });

    it('loses the whole namespace, and has it again empty, with the rights of the trainee', async () => {
      await apply('trainee', greeting('lost', 'lost'));
      await all.removeNamespace(plan, 'production', signal);
      expect(await named(config, 'lost')).toBeNull();
      await expect(apply('grader', greeting('x', 'nowhere'))).rejects.toEqual(failing('object_not_found'));
      await all.createNamespace(plan, 'production', signal);
      await all.createNamespace(plan, 'production', signal);
      expect(await named(config, 'lost')).toBeNull();
      expect(await named(config, 'greeting')).toBeNull();
      await apply('trainee', greeting('again', 'lost'));
      expect(await named(config, 'lost')).toMatchObject({ data: { text: 'again' } });
    });
  });
}
