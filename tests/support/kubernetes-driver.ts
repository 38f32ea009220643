/** A real kubernetes driver with an installation of its own in the real cluster. */
import { fileURLToPath } from 'node:url';
import { createFiller } from '../../src/grading/values/fill.ts';
import { createPodExec } from '../../src/sandbox/kubernetes/exec/pod-exec.ts';
import {
  createKubernetesDriver,
  type KubernetesDriver,
} from '../../src/sandbox/kubernetes/kubernetes-driver.ts';
import { label } from '../../src/sandbox/kubernetes/labels.ts';
import { createNames, labelValue } from '../../src/sandbox/kubernetes/names.ts';
import type { KubernetesDriverOptions } from '../../src/sandbox/kubernetes/options.ts';
import { createSecrets } from '../../src/sandbox/secrets.ts';
import type { DriverSubject } from '../contracts/driver-contract.ts';
import { ensureClusterImages } from './cluster-images.ts';
import { driverKubeconfigPath, silentLog, startTestCluster, type TestCluster } from './kubernetes.ts';

export interface KubernetesSubject extends DriverSubject {
  readonly driver: KubernetesDriver;
  readonly test: TestCluster;
  /** A second driver of the same installation, as another Labwright process has one; the caller closes it. */
  another(options?: Partial<KubernetesDriverOptions>): KubernetesDriver;
  /** Namespace and name of a component's pod. */
  podOf(sandboxId: string, component: string): Promise<{ readonly namespace: string; readonly pod: string }>;
}

/** Give the hook `imagesTimeoutMs`: Labwright's own images are made and loaded where they are not there. */
export async function startKubernetesDriver(
  own: Partial<KubernetesDriverOptions> = {},
): Promise<KubernetesSubject> {
  const images = await ensureClusterImages();
  const test = startTestCluster();
  const names = createNames(test.installationId);
  const exec = createPodExec(test.cluster.config);
  const signal = () => AbortSignal.timeout(60_000);
  const another = (options: Partial<KubernetesDriverOptions> = {}) =>
    createKubernetesDriver({
      kubeconfig: driverKubeconfigPath,
      context: null,
      installationId: test.installationId,
      secrets: createSecrets(Buffer.alloc(32, test.installationId)),
      images: { ...images, postgres: 'postgres:17', redis: 'redis:8' },
      dial: 'auto',
      storageClass: null,
      hostVolumes: null,
      runtimeClass: null,
      apiUrl: null,
      own: null,
      sampleApi: {
        folder: fileURLToPath(new URL('../../src/sample-api', import.meta.url)),
        generatorVersion: 'test',
      },
      fill: (scope) => createFiller(scope, { missing: 'throw' }),
      log: silentLog,
      ...options,
    });
  const driver = another(own);
  await driver.check(AbortSignal.timeout(30_000));

  async function podOf(sandboxId: string, component: string) {
    const namespace = names.controlOf(sandboxId);
    const pods = await test.pods();
    const found = pods.find(
      ({ metadata }) =>
        metadata?.namespace === namespace && metadata.labels?.[label.component] === labelValue(component),
    );
    if (found === undefined) throw new Error(`no pod of ${component} in ${namespace}`);
    return { namespace, pod: found.metadata?.name ?? '' };
  }

  /** What a script prints in a container of a pod. */
  async function inPod(namespace: string, pod: string, container: string, script: string): Promise<string> {
    const program = await exec.open(
      { namespace, pod, container },
      ['sh', '-c', script],
      { stdin: false },
      signal(),
    );
    let text = '';
    for await (const piece of program.stream) text += String(piece);
    return text;
  }

  return {
    driver,
    test,
    another,
    podOf,
    count: test.count,
    pullsImages: true,
    async crash({ sandboxId }, component) {
      const { namespace, pod } = await podOf(sandboxId, component);
      // The program, which is what the supervisor started, with all that it started itself.
      await inPod(namespace, pod, 'main', crashScript);
    },
    async runs(text) {
      const pods = (await test.pods()).filter(({ status }) => status?.phase === 'Running');
      const tables = await Promise.all(
        pods.flatMap(({ metadata, spec }) =>
          (spec?.containers ?? []).map(({ name }) =>
            inPod(metadata?.namespace ?? '', metadata?.name ?? '', name, commandsScript).catch(() => ''),
          ),
        ),
      );
      return tables.some((table) => table.split('\n').some((line) => line.includes(text)));
    },
    async stop() {
      await driver.close();
      await test.stop();
    },
  };
}

/** Command lines of all processes but this one; those of zombies are empty. */
const commandsScript = `for one in /proc/[0-9]*; do
  [ "$one" = "/proc/$$" ] || { tr '\\0' ' ' < "$one/cmdline"; echo; } 2>/dev/null
done`;

/** Everything that descends from process 1. */
export const crashScript = `for one in /proc/[0-9]*; do
  pid=\${one#/proc/}
  [ "$pid" = 1 ] && continue
  at=$pid
  while [ "$at" -gt 1 ]; do
    up=0
    while read -r key value rest; do [ "$key" = PPid: ] && up=$value && break; done < "/proc/$at/status" || break
    at=$up
  done 2>/dev/null
  [ "$at" = 1 ] && kill -KILL "$pid" 2>/dev/null
done; true`;
