/** From rows and a template to what a driver is asked to make. Pure. */
import type { TemplateVersion } from '../templates/types.ts';
import { LabError } from './errors.ts';
import type { Sandbox } from './lab.ts';
import type { Blueprint } from './next-step.ts';
import type { SandboxChange, SandboxPlan } from './ports.ts';

/** The plan of a sandbox at its present generations. */
export function planOf(sandbox: Sandbox, version: TemplateVersion): SandboxPlan {
  const components = Object.entries(version.template.components).map(([name, spec]) => {
    const row = sandbox.components[name];
    if (row === undefined) throw new LabError('internal', `sandbox ${sandbox.id} has no component ${name}`);
    return [name, { name, spec, generation: row.generation }] as const;
  });
  return { sandboxId: sandbox.id, version, components: Object.fromEntries(components) };
}

/** The named ones and all that use one of them, directly or through others. */
export function withDependents(
  names: readonly string[],
  uses: Readonly<Record<string, readonly string[]>>,
): ReadonlySet<string> {
  const affected = new Set(names);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [name, needed] of Object.entries(uses)) {
      if (!affected.has(name) && needed.some((n) => affected.has(n))) {
        affected.add(name);
        grew = true;
      }
    }
  }
  return affected;
}

/** Component → what it uses. */
export function usesOf(version: TemplateVersion): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(version.template.components).map(([name, spec]) => [name, spec.uses]),
  );
}

/** The change that lets a sandbox be destroyed, at once and with a fresh count of efforts. */
export function condemned(sandbox: Sandbox): { readonly version: number; readonly change: SandboxChange } {
  return { version: sandbox.version, change: { state: 'dead', failures: 0, nextTryAt: null } };
}

/** What of a template the next-step decision needs. */
export function blueprintOf(version: TemplateVersion): Blueprint {
  const { components, parameters, lifetime } = version.template;
  return {
    uses: usesOf(version),
    traineeCustody: new Set(
      Object.keys(components).filter((name) => components[name]?.custody === 'trainee'),
    ),
    warnSeconds: lifetime.warnSeconds,
    needsSurvey: Object.values(parameters).some((spec) => spec.draw === 'row'),
  };
}

/** The same rows with one generation more for the affected ones. */
export function raised(sandbox: Sandbox, affected: ReadonlySet<string>): Sandbox['components'] {
  return Object.fromEntries(
    Object.entries(sandbox.components).map(([name, row]) => [
      name,
      affected.has(name)
        ? { ...row, generation: row.generation + 1, observed: 'unknown' as const, detail: null }
        : row,
    ]),
  );
}
