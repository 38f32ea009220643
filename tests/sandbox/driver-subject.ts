import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import type { DriverSubject } from '../contracts/driver-contract.ts';
import { startTestDriver } from '../support/process-driver.ts';

/** The process backend on the test run's cluster. */
export async function driverSubject(): Promise<DriverSubject> {
  const test = await startTestDriver();
  return {
    driver: test.driver,
    count: test.count,
    stop: test.stop,
    async runs(text) {
      return readdirSync('/proc').some((entry) => {
        try {
          return readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
        } catch {
          return false;
        }
      });
    },
    async crash(plan: SandboxPlan, component: string) {
      const path = join(test.dataDir, 'sandboxes', plan.sandboxId.replaceAll('-', '_'), 'sandbox.json');
      const record = JSON.parse(readFileSync(path, 'utf8')) as { children: Record<string, { pid: number }> };
      process.kill(record.children[component]?.pid ?? 0, 'SIGKILL');
    },
  };
}
