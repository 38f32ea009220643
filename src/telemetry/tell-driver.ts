/** A backend that tells of each call. What a call reads, writes or runs is not told. */
import type { SandboxDriver, SandboxPlan } from '../lab/ports.ts';
import type { Facts, Telemetry } from '../lab/telemetry.ts';
import type { BackendName } from '../templates/types.ts';

export function tellOfDrivers(
  drivers: ReadonlyMap<BackendName, SandboxDriver>,
  telemetry: Telemetry,
): ReadonlyMap<BackendName, SandboxDriver> {
  return new Map([...drivers].map(([name, driver]) => [name, tellOfDriver(driver, telemetry)]));
}

function tellOfDriver(driver: SandboxDriver, telemetry: Telemetry): SandboxDriver {
  const told = <T>(call: string, facts: Facts, work: () => Promise<T>) =>
    telemetry.span(`${driver.name} ${call}`, { backend: driver.name, call, ...facts }, work);
  const of = ({ sandboxId }: SandboxPlan, component: string) => ({ sandbox: sandboxId, component });
  return {
    ...driver,
    prepare: (version, signal) =>
      told('prepare', { template: version.template.id }, () => driver.prepare(version, signal)),
    ensure: (plan, component, signal) =>
      told('ensure', of(plan, component), () => driver.ensure(plan, component, signal)),
    observe: (plan, signal) =>
      told('observe', { sandbox: plan.sandboxId }, () => driver.observe(plan, signal)),
    dial: (plan, component, signal, port) =>
      told('dial', of(plan, component), () => driver.dial(plan, component, signal, port)),
    kill: (plan, component, word, abort) =>
      told('kill', of(plan, component), () => driver.kill(plan, component, word, abort)),
    resetStatistics: (plan, component, signal) =>
      told('resetStatistics', of(plan, component), () => driver.resetStatistics(plan, component, signal)),
    exec: (plan, component, argv, limits, signal) =>
      told('exec', of(plan, component), () => driver.exec(plan, component, argv, limits, signal)),
    terminal: (plan, component, size, signal) =>
      told('terminal', of(plan, component), () => driver.terminal(plan, component, size, signal)),
    stop: (plan, component, signal) =>
      told('stop', of(plan, component), () => driver.stop(plan, component, signal)),
    readFiles: (plan, component, query, signal) =>
      told('readFiles', of(plan, component), () => driver.readFiles(plan, component, query, signal)),
    writeFile: (plan, component, path, content, signal) =>
      told('writeFile', of(plan, component), () => driver.writeFile(plan, component, path, content, signal)),
    readLog: (plan, component, maxBytes, signal) =>
      told('readLog', of(plan, component), () => driver.readLog(plan, component, maxBytes, signal)),
    destroy: (sandboxId, signal) =>
      told('destroy', { sandbox: sandboxId }, () => driver.destroy(sandboxId, signal)),
    prune: (needed, signal) => told('prune', {}, () => driver.prune(needed, signal)),
    list: (signal) => told('list', {}, () => driver.list(signal)),
  };
}
