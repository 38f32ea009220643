/** One sandbox at one set of generations, as observers and actions see it. */
import type { SandboxDriver, SandboxPlan } from '../lab/ports.ts';
import type { SandboxHandle } from './types.ts';

/** The driver's looking and acting half, bound to a plan: no way to make or destroy anything. */
export function bindSandbox(
  driver: Pick<SandboxDriver, 'access' | 'dial' | 'exec' | 'readFiles' | 'writeFile'>,
  plan: SandboxPlan,
): SandboxHandle {
  return {
    access: (component) => driver.access(plan, component),
    dial: (component, signal) => driver.dial(plan, component, signal),
    exec: (component, argv, limits, signal) => driver.exec(plan, component, argv, limits, signal),
    readFiles: (component, query, signal) => driver.readFiles(plan, component, query, signal),
    writeFile: (component, path, content, signal) => driver.writeFile(plan, component, path, content, signal),
  };
}
