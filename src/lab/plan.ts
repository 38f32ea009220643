/** From rows and a template to what a driver is asked to make. Pure. */
import type { ComponentSpec, TemplateVersion } from '../templates/types.ts';
import type { ComponentRow, Lab, Sandbox, SandboxOrigin } from './lab.ts';
import type { Blueprint } from './next-step.ts';
import { needsOf } from './personal.ts';
import type { LabChange, PlanVariation, SandboxChange, SandboxPlan } from './ports.ts';

/**
 * The plan of a sandbox at its present generations. What belongs to an attempt or a checkpoint may have fewer components
 * than its template.
 * @param params of the lab that it serves; null while there are none.
 * @param variation what is otherwise in a trial's fork.
 */
export function planOf(
  sandbox: Sandbox,
  version: TemplateVersion,
  params: SandboxPlan['params'],
  variation: PlanVariation | null = null,
): SandboxPlan {
  const generations = Object.entries(sandbox.components).map(
    ([name, row]) => [name, row.generation] as const,
  );
  return {
    sandboxId: sandbox.id,
    version,
    components: componentPlans(Object.fromEntries(generations), version),
    params,
    origin: sandbox.origin === null ? null : originPlan(sandbox.origin, version),
    variation,
  };
}

/** What the origin was when it was named: its row may be gone by the time that it is read. */
function originPlan(origin: SandboxOrigin, version: TemplateVersion): SandboxPlan {
  const components = componentPlans(origin.generations, version);
  return { sandboxId: origin.sandboxId, version, components, params: null, origin: null, variation: null };
}

function componentPlans(
  generations: Readonly<Record<string, number>>,
  version: TemplateVersion,
): SandboxPlan['components'] {
  const plans = Object.entries(version.template.components).flatMap(([name, spec]) => {
    const generation = generations[name];
    return generation === undefined ? [] : [[name, { name, spec, generation }] as const];
  });
  return Object.fromEntries(plans);
}

/** The generations of a sandbox as they are now: what is cloned from it later names them. */
export function originOf(sandbox: Sandbox): SandboxOrigin {
  const generations = Object.entries(sandbox.components).map(
    ([name, row]) => [name, row.generation] as const,
  );
  return { sandboxId: sandbox.id, generations: Object.fromEntries(generations) };
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

const exportTries = 3;

/** How a lab ends: its sandbox at once, or, where its template keeps something of it, once that was written. */
export function endingOf(
  lab: Lab,
  sandbox: Sandbox | null,
  version: TemplateVersion | null,
): Pick<LabChange, 'sandbox' | 'exportsLeft'> {
  if (sandbox === null || sandbox.state === 'gone') return {};
  const served = lab.phase === 'ready' || lab.phase === 'paused' || lab.phase === 'resuming';
  const keeps = (version?.template.keep ?? []).length > 0;
  if (!served || !keeps || sandbox.state === 'dead') return { sandbox: condemned(sandbox) };
  const change = { failures: 0, nextTryAt: null };
  return { exportsLeft: exportTries, sandbox: { version: sandbox.version, change } };
}

/** What of a template the next-step decision needs. */
export function blueprintOf(version: TemplateVersion): Blueprint {
  const { components, parameters, lifetime, idle } = version.template;
  const having = (holds: (spec: ComponentSpec) => boolean) =>
    new Set(Object.entries(components).flatMap(([name, spec]) => (holds(spec) ? [name] : [])));
  return {
    uses: usesOf(version),
    traineeCustody: having((spec) => spec.custody === 'trainee' || runsFromSource(spec)),
    fromSource: having(runsFromSource),
    ...needsOf(components),
    warnSeconds: lifetime.warnSeconds,
    idleSeconds: idle?.pauseAfterSeconds ?? null,
    needsSurvey: Object.values(parameters).some((spec) => spec.draw === 'row'),
  };
}

/**
 * The same rows with a higher generation for the affected ones. When all are, they have the same one afterwards: that is
 * how a sandbox that begins anew as a whole is told from one whose parts were reset.
 */
export function raised(sandbox: Sandbox, affected: ReadonlySet<string>): Sandbox['components'] {
  const rows = Object.entries(sandbox.components);
  const whole = rows.every(([name]) => affected.has(name));
  const newest = Math.max(0, ...rows.map(([, row]) => row.generation));
  return Object.fromEntries(
    rows.map(([name, row]) => {
      if (!affected.has(name)) return [name, row];
      const generation = (whole ? newest : row.generation) + 1;
      return [name, { ...row, generation, observed: 'unknown' as const, detail: null }];
    }),
  );
}

/** Whether these rows say for the first time that a sandbox which was reset as a whole serves again. */
export function beganAnew(before: Sandbox['components'], after: Sandbox['components']): boolean {
  const rows = Object.values(after);
  const [generation = 1] = rows.map((row) => row.generation);
  if (generation === 1 || rows.some((row) => row.generation !== generation)) return false;
  const serves = (row: ComponentRow) => row.servedGeneration === row.generation;
  return rows.every(serves) && !Object.values(before).every(serves);
}

/** Whether a program runs from the trainee's own files: what it does is theirs. */
function runsFromSource(spec: ComponentSpec): boolean {
  return (spec.kind === 'sample-api' || spec.kind === 'service') && spec.source !== null;
}
