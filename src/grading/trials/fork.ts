/** One sandbox of an attempt: recorded before anything of it is made, made in the order of `uses`, and given up. */
import { createInOrder } from '../../lab/in-order.ts';
import type { Log } from '../../lab/log.ts';
import type { ForkStore, SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import { copiedUses } from '../../templates/closure.ts';
import { bindSandbox } from '../sandbox-handle.ts';
import type { SandboxHandle } from '../types.ts';

export interface Fork {
  readonly plan: SandboxPlan;
  readonly sandbox: SandboxHandle;
  /** Makes these, which must hold all that they need; what is made already is not made again. Throws LabError. */
  ensure(names: readonly string[], signal: AbortSignal): Promise<void>;
  /** Why a component does not serve, in words for the trainee; null when it does or nothing is known. Never throws. */
  whyDown(component: string, signal: AbortSignal): Promise<string | null>;
  /** Marks it dead and destroys it; what fails is left to the sweep. Never throws. */
  drop(): Promise<void>;
}

interface ForkDeps {
  readonly store: Pick<ForkStore, 'endFork'>;
  readonly driver: SandboxDriver;
  readonly log: Log;
}

const dropMs = 30_000;

const isIn = ({ components }: SandboxPlan, name: string) => components[name] !== undefined;

export function createFork(plan: SandboxPlan, { store, driver, log }: ForkDeps): Fork {
  const over = new AbortController();
  let dropped: Promise<void> | null = null;

  const components = createInOrder(
    (name) => {
      const component = plan.components[name];
      // A copy of data alone, such as an image, has no programs that its shells use in the lab.
      return component === undefined ? [] : copiedUses(component.spec).filter((other) => isIn(plan, other));
    },
    (name, signal) => driver.ensure(plan, name, signal),
  );

  async function destroy(): Promise<void> {
    over.abort(new DOMException('the fork is given up', 'AbortError'));
    // What is being made ends first: a destroyed sandbox must not be made again behind our back.
    await components.settled();
    try {
      await store.endFork(plan.sandboxId);
      await driver.destroy(plan.sandboxId, AbortSignal.timeout(dropMs));
    } catch (thrown) {
      log.warn({ sandboxId: plan.sandboxId, err: thrown }, 'a fork was left to the sweep');
    }
  }

  return {
    plan,
    sandbox: bindSandbox(driver, plan),
    async ensure(names, signal) {
      const stop = new AbortController();
      const any = AbortSignal.any([signal, over.signal, stop.signal]);
      const making = names.map((name) => components.start(name, any));
      try {
        await Promise.all(making);
      } catch (thrown) {
        stop.abort(thrown);
        await Promise.allSettled(making);
        throw thrown;
      }
    },
    whyDown: (component, signal) => whyDown(driver, plan, component, signal),
    drop() {
      dropped ??= destroy();
      return dropped;
    },
  };
}

/** Why a component of a sandbox does not serve; null when it does or nothing is known. Never throws. */
export async function whyDown(
  driver: Pick<SandboxDriver, 'observe'>,
  plan: SandboxPlan,
  component: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { components } = await driver.observe(plan, signal);
    const seen = components[component];
    if (seen === undefined || seen.state === 'running' || seen.detail === null) return null;
    return `${component} does not run: ${seen.detail}`;
  } catch {
    return null;
  }
}
