import type { SandboxDriver, SandboxPlan } from '../../lab/ports.ts';

/** Stops what a kept state is made of, dependents first; it keeps all that it holds. Rejects as the driver does. */
export async function stopKept(
  driver: Pick<SandboxDriver, 'stop'>,
  plan: SandboxPlan,
  signal: AbortSignal,
): Promise<void> {
  // The template's order is that of what is used before who uses it, or of no consequence.
  for (const name of Object.keys(plan.components).reverse()) await driver.stop(plan, name, signal);
}
