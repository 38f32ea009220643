/** The kubernetes backend's databases on the real cluster. */
import { text } from 'node:stream/consumers';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { wholeLabel } from '../../../src/sandbox/kubernetes/postgres/prepared-pod.ts';
import type { ContainedDatabases } from '../../contracts/database-subject.ts';
import { type KubernetesSubject, startKubernetesDriver } from '../../support/kubernetes-driver.ts';

export interface KubernetesDatabases extends ContainedDatabases {
  readonly subject: KubernetesSubject;
  /** As `inside`, in any pod of ours. */
  run(
    at: { readonly namespace: string; readonly pod: string },
    container: string,
    script: string,
  ): Promise<string>;
}

export async function startKubernetesDatabases(): Promise<KubernetesDatabases> {
  const subject = await startKubernetesDriver({ dial: 'direct' });
  const { driver, test } = subject;
  const exec = createPodExec(test.cluster.config);

  async function run(at: { namespace: string; pod: string }, container: string, script: string) {
    const signal = AbortSignal.timeout(60_000);
    const program = await exec.open({ ...at, container }, ['sh', '-c', script], { stdin: false }, signal);
    return text(program.stream);
  }

  return {
    subject,
    driver,
    run,
    another: async () => subject.another({ dial: 'direct' }),
    async prepared() {
      const pods = await test.pods();
      return pods.flatMap(({ metadata }) =>
        metadata?.labels?.[wholeLabel] === 'true' ? [metadata.name ?? ''] : [],
      );
    },
    inside: async (sandboxId, component, script) =>
      run(await subject.podOf(sandboxId, component), 'main', script),
    containers: async () => (await test.pods()).map(({ metadata }) => metadata?.name ?? ''),
    count: test.count,
    stop: subject.stop,
  };
}
