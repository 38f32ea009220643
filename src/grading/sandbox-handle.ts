/** One sandbox at one set of generations, as observers and actions see it. */
import type { Namespaces } from '../lab/namespaces.ts';
import type { SandboxDriver, SandboxPlan } from '../lab/ports.ts';
import type { NamespacesHandle, SandboxHandle } from './types.ts';

type BoundDriver = Pick<
  SandboxDriver,
  | ('access' | 'dial' | 'kill' | 'ensure' | 'resetStatistics' | 'exec')
  | ('readFiles' | 'readLog' | 'writeFile' | 'namespaces')
>;

/** The driver's looking and acting half, bound to a plan: no way to destroy anything, nor to make what was not there. */
export function bindSandbox(driver: BoundDriver, plan: SandboxPlan): SandboxHandle {
  return {
    access: (component) => driver.access(plan, component),
    dial: (component, signal, port) => driver.dial(plan, component, signal, port),
    kill: (component, signal, abort) => driver.kill(plan, component, signal, abort),
    restart: (component, signal) => driver.ensure(plan, component, signal),
    resetStatistics: (component, signal) => driver.resetStatistics(plan, component, signal),
    exec: (component, argv, limits, signal) => driver.exec(plan, component, argv, limits, signal),
    readFiles: (component, query, signal) => driver.readFiles(plan, component, query, signal),
    readLog: (component, maxBytes, signal) => driver.readLog(plan, component, maxBytes, signal),
    writeFile: (component, path, content, signal) => driver.writeFile(plan, component, path, content, signal),
    namespaces: driver.namespaces === null ? null : bindNamespaces(driver.namespaces, plan),
  };
}

/** What is in the namespaces of this plan. */
export function bindNamespaces(all: Namespaces, plan: SandboxPlan): NamespacesHandle {
  return {
    list: (...rest) => all.list(plan, ...rest),
    apply: (...rest) => all.apply(plan, ...rest),
    remove: (...rest) => all.remove(plan, ...rest),
    patch: (...rest) => all.patch(plan, ...rest),
    scale: (...rest) => all.scale(plan, ...rest),
    removeNamespace: (...rest) => all.removeNamespace(plan, ...rest),
    createNamespace: (...rest) => all.createNamespace(plan, ...rest),
    podLog: (...rest) => all.podLog(plan, ...rest),
    podExec: (...rest) => all.podExec(plan, ...rest),
    volumeFiles: (...rest) => all.volumeFiles(plan, ...rest),
  };
}
