/**
 * The decision at the heart of Labwright: what to do next for a lab and its sandbox. Pure; the same inputs give the
 * same steps, whatever happened before, so a crash at any line is repaired by deciding again.
 */
import type {
  ComponentObservation,
  ComponentRow,
  EndReason,
  Lab,
  Sandbox,
  SandboxObservation,
} from './lab.ts';
import type { Policy } from './policy.ts';

/** What of a template the decision needs. */
export interface Blueprint {
  readonly uses: Readonly<Record<string, readonly string[]>>;
  /** Components that the platform does not repair. */
  readonly traineeCustody: ReadonlySet<string>;
  /** Programs of the trainee's own: one that does not start is as it was asked for. */
  readonly fromSource: ReadonlySet<string>;
  /** Components that cannot be made before the parameters are drawn. */
  readonly personal: ReadonlySet<string>;
  /** Whether a sandbox is made for its parameters: they are drawn before it is finished, and no spare replaces it. */
  readonly drawsFirst: boolean;
  readonly warnSeconds: readonly number[];
  /** A lab that nobody uses for so long is paused; 0: never; null: as this installation is set. */
  readonly idleSeconds: number | null;
  /** Whether parameters are drawn from rows of the sandbox's own database. */
  readonly needsSurvey: boolean;
}

export interface Situation {
  /** Null for a spare, or for what is left of an ended lab. */
  readonly lab: Lab | null;
  readonly sandbox: Sandbox | null;
  /** Null when nobody has looked in this round. */
  readonly seen: SandboxObservation | null;
  readonly now: Date;
  /** No spare was there when a swap was tried in this run. */
  readonly noSpare: boolean;
}

/** Start a component, once these of the same turn serve. */
export interface Effort {
  readonly do: 'ensure';
  readonly component: string;
  readonly after: readonly string[];
}

export type Step =
  /** Take a spare, or start a new sandbox. */
  | { readonly do: 'claim' }
  /** Full reset: point the lab at a spare. */
  | { readonly do: 'swap' }
  /** Observe the sandbox, then decide again. */
  | { readonly do: 'look' }
  /** Write what was seen. */
  | { readonly do: 'record'; readonly components: Sandbox['components'] }
  | Effort
  | { readonly do: 'survey' }
  /** Draw the lab's parameters, for the components that need them. */
  | { readonly do: 'draw' }
  /** A built sandbox becomes a spare, or its lab ready. */
  | { readonly do: 'admit' }
  /** Nobody uses the lab: what it costs is saved from now on. */
  | { readonly do: 'pause' }
  /** Stop components of a lab that is paused or reset; when that changes nothing, rest until then. */
  | { readonly do: 'stop'; readonly components: readonly string[]; readonly until: Date }
  /** A lab that was paused serves again. */
  | { readonly do: 'resumed' }
  | { readonly do: 'warn'; readonly secondsLeft: number; readonly warned: readonly number[] }
  /** Write what the template keeps of a lab that ends. */
  | { readonly do: 'export' }
  | { readonly do: 'end'; readonly because: EndReason; readonly detail: string | null }
  /** Mark a sandbox dead: from then on it may be destroyed. */
  | { readonly do: 'condemn' }
  | { readonly do: 'destroy' }
  | { readonly do: 'finish' }
  /** Nothing to do before `until`; null: never again. */
  | { readonly do: 'rest'; readonly until: Date | null };

/**
 * The independent steps to take now, side by side. Never empty.
 * @throws nothing
 */
export function nextStep(situation: Situation, blueprint: Blueprint, policy: Policy): readonly Step[] {
  const { lab, sandbox, now } = situation;
  if (lab === null) {
    if (sandbox === null) return [rest(null)];
    return sandbox.owner === null
      ? spareStep(situation, sandbox, blueprint, policy)
      : ownedStep(sandbox, now);
  }
  if (lab.phase === 'terminated') return [rest(null)];
  if (lab.phase === 'terminating') return endingStep(lab, sandbox, now);
  if (now >= lab.expiresAt) return [{ do: 'end', because: 'expired', detail: null }];
  if (lab.phase === 'requested' || sandbox === null || sandbox.state === 'dead' || sandbox.state === 'gone') {
    return [{ do: 'claim' }];
  }
  if (lab.phase === 'provisioning') {
    if (sandbox.failures >= policy.provisionTries) {
      return [{ do: 'end', because: 'provision_failed', detail: sandbox.lastError }];
    }
    return buildStep(situation, lab, sandbox, blueprint) ?? [{ do: 'admit' }];
  }
  const warning = dueWarning(lab, blueprint.warnSeconds, now);
  if (warning !== null) return [warning];
  if (lab.phase === 'paused') return pausedStep(situation, lab, sandbox, blueprint, policy);
  if (lab.phase === 'resuming') return buildStep(situation, lab, sandbox, blueprint) ?? [{ do: 'resumed' }];
  return readyStep(situation, lab, sandbox, blueprint, policy);
}

/** How much less often a paused lab is looked at than one that is ready. */
const pausedLookFactor = 2;

/** Dependents first: what serves them goes when nobody needs it. */
function pausedStep(
  { seen, now }: Situation,
  lab: Lab,
  sandbox: Sandbox,
  blueprint: Blueprint,
  policy: Policy,
): readonly Step[] {
  const look = later(now, pausedLookFactor * policy.lookEverySeconds);
  const until = earliest(nextChange(lab, blueprint), look);
  if (sandbox.nextTryAt !== null && now < sandbox.nextTryAt)
    return [rest(earliest(sandbox.nextTryAt, until))];
  const names = Object.keys(sandbox.components);
  const going = names.filter((name) => sandbox.components[name]?.observed !== 'stopped');
  if (going.length > 0) {
    const needed = new Set(going.flatMap((name) => blueprint.uses[name] ?? []));
    const free = going.filter((name) => !needed.has(name));
    return [{ do: 'stop', components: free.length > 0 ? free : going, until }];
  }
  if (seen === null) return [{ do: 'look' }];
  // A worker that stood still may have started it after it was stopped; what costs nothing runs, and is left.
  const again = names.filter((name) => {
    const state = seen.components[name]?.state;
    return state === 'running' || state === 'starting';
  });
  return again.length === 0 ? [rest(until)] : [{ do: 'stop', components: again, until }];
}

function endingStep(lab: Lab, sandbox: Sandbox | null, now: Date): readonly Step[] {
  if (sandbox === null || sandbox.state === 'gone') return [{ do: 'finish' }];
  if (lab.exportsLeft > 0 && sandbox.state !== 'dead') {
    const waits = sandbox.nextTryAt !== null && now < sandbox.nextTryAt;
    return [waits ? rest(sandbox.nextTryAt) : { do: 'export' }];
  }
  if (sandbox.state !== 'dead') return [{ do: 'condemn' }];
  return destroyWhenDue(sandbox, now);
}

function destroyWhenDue(sandbox: Sandbox, now: Date): readonly Step[] {
  if (sandbox.nextTryAt !== null && now < sandbox.nextTryAt) return [rest(sandbox.nextTryAt)];
  return [{ do: 'destroy' }];
}

function spareStep(
  situation: Situation,
  sandbox: Sandbox,
  blueprint: Blueprint,
  policy: Policy,
): readonly Step[] {
  switch (sandbox.state) {
    case 'gone':
      return [rest(null)];
    case 'dead':
      return destroyWhenDue(sandbox, situation.now);
    case 'building':
      if (sandbox.failures >= policy.provisionTries) return [{ do: 'condemn' }];
      return buildStep(situation, null, sandbox, blueprint) ?? [{ do: 'admit' }];
    case 'up': {
      if (situation.seen === null) return [{ do: 'look' }];
      // A spare that broke is replaced, not repaired: nobody waits for it, and a fresh one is sure to be at its start.
      const impersonal = Object.keys(sandbox.components).filter((name) => !blueprint.personal.has(name));
      const works = impersonal.every((name) => stands(sandbox, situation.seen, blueprint, name));
      return works ? [rest(later(situation.now, policy.lookEverySeconds))] : [{ do: 'condemn' }];
    }
  }
}

/** What an attempt or a checkpoint owns is made and used by them; only what is left of it is ours. */
function ownedStep(sandbox: Sandbox, now: Date): readonly Step[] {
  return sandbox.state === 'dead' ? destroyWhenDue(sandbox, now) : [rest(null)];
}

/** Steps that are still needed until every component runs at its generation; null when there is none. */
function buildStep(
  situation: Situation,
  lab: Lab | null,
  sandbox: Sandbox,
  blueprint: Blueprint,
): readonly Step[] | null {
  const { seen, now } = situation;
  if (sandbox.nextTryAt !== null && now < sandbox.nextTryAt) return [rest(sandbox.nextTryAt)];
  if (seen === null) return [{ do: 'look' }];
  const recorded = recordStep(sandbox, seen, blueprint);
  if (recorded !== null) return [recorded];
  const params = lab?.params ?? null;
  const wanted = Object.keys(sandbox.components).filter(
    (name) => params !== null || !blueprint.personal.has(name),
  );
  const missing = wanted.filter((name) => !stands(sandbox, seen, blueprint, name));
  if (missing.length > 0) return starts(missing, blueprint);
  if (params !== null) return null;
  if (blueprint.needsSurvey && sandbox.survey === null) return [{ do: 'survey' }];
  // Without personal components it is drawn when the lab is admitted: one transaction less for most labs.
  return lab !== null && blueprint.drawsFirst ? [{ do: 'draw' }] : null;
}

function readyStep(
  situation: Situation,
  lab: Lab,
  sandbox: Sandbox,
  blueprint: Blueprint,
  policy: Policy,
): readonly Step[] {
  const { seen, now } = situation;
  const idleAt = idleEnd(lab, blueprint, policy);
  const isReset = Object.values(sandbox.components).every((row) => row.servedGeneration === row.generation);
  if (idleAt !== null && now >= idleAt && isReset) return [{ do: 'pause' }];
  const swappable = !situation.noSpare && !blueprint.drawsFirst;
  if (swappable && Object.values(sandbox.components).every(wantsReset)) return [{ do: 'swap' }];
  if (seen === null) return [{ do: 'look' }];
  const recorded = recordStep(sandbox, seen, blueprint);
  if (recorded !== null) return [recorded];
  const missing = Object.keys(sandbox.components).filter((name) => needsWork(sandbox, seen, blueprint, name));
  if (missing.length === 0) {
    // What kept us from looking is over: until that is written down the lab says that it is broken.
    const works = Object.values(sandbox.components).every(({ observed }) => observed === 'running');
    if (works && sandbox.failures > 0) return [{ do: 'record', components: sandbox.components }];
    return [rest(nextLook(lab, blueprint, policy, now))];
  }
  if (sandbox.nextTryAt !== null && now < sandbox.nextTryAt) {
    return [rest(earliest(sandbox.nextTryAt, nextLook(lab, blueprint, policy, now)))];
  }
  const efforts = starts(missing, blueprint);
  const left = efforts
    .filter(({ component, after }) => after.length > 0 && outlives(sandbox, seen, component))
    .map(({ component }) => component);
  if (left.length > 0) return [{ do: 'stop', components: left, until: later(now, policy.lookEverySeconds) }];
  return efforts;
}

/** It still runs from before its reset: what it uses would be made anew under it, and be written to by what it was. */
function outlives({ components }: Sandbox, seen: SandboxObservation, name: string): boolean {
  const row = components[name];
  const found = seen.components[name];
  if (row === undefined || found === undefined || row.observed === 'stopped' || !wantsReset(row))
    return false;
  return found.state !== 'absent' && found.generation < row.generation;
}

/** In a ready lab: a reset that is not done yet, or something of ours that does not run. What is theirs is left alone. */
function needsWork(sandbox: Sandbox, seen: SandboxObservation, blueprint: Blueprint, name: string): boolean {
  if (stands(sandbox, seen, blueprint, name)) return false;
  const row = sandbox.components[name];
  return !blueprint.traineeCustody.has(name) || row === undefined || row.servedGeneration < row.generation;
}

function wantsReset(row: ComponentRow): boolean {
  return row.servedGeneration > 0 && row.servedGeneration < row.generation;
}

/** Whether a component was seen as it should be, at its planned generation. */
function stands(
  sandbox: Sandbox,
  seen: SandboxObservation | null,
  blueprint: Blueprint,
  name: string,
): boolean {
  const found = seen?.components[name];
  const row = sandbox.components[name];
  // What we stopped and still see costs nothing, or is a trainee's program that would count as served.
  if (row?.observed === 'stopped') return false;
  if (found === undefined || found.generation !== row?.generation) return false;
  return isServed(found, blueprint, name);
}

/** It runs; or it is the trainee's own program, which was started and does not: no effort of ours makes it run. */
function isServed(found: ComponentObservation, blueprint: Blueprint, name: string): boolean {
  return found.state === 'running' || (found.state === 'broken' && blueprint.fromSource.has(name));
}

/** All that is missing, each after what it uses and is missing, too: what can start side by side does. */
function starts(missing: readonly string[], blueprint: Blueprint): readonly Effort[] {
  return missing.map((component) => ({
    do: 'ensure',
    component,
    after: (blueprint.uses[component] ?? []).filter((used) => missing.includes(used)),
  }));
}

/** A step that brings the rows up to what was seen, or null when they already say so. */
function recordStep(sandbox: Sandbox, seen: SandboxObservation, blueprint: Blueprint): Step | null {
  const components = Object.fromEntries(
    Object.entries(sandbox.components).map(([name, row]) => [
      name,
      observedRow(row, seen.components[name], (found) => isServed(found, blueprint, name)),
    ]),
  );
  const same = Object.entries(components).every(([name, row]) => {
    const before = sandbox.components[name];
    if (before === undefined) return false;
    // A component that was never made is absent; writing that down would be a round trip for nothing.
    const news =
      before.observed !== row.observed && !(before.observed === 'unknown' && row.observed === 'absent');
    return !news && before.servedGeneration === row.servedGeneration && before.detail === row.detail;
  });
  return same ? null : { do: 'record', components };
}

function observedRow(
  row: ComponentRow,
  found: ComponentObservation | undefined,
  isServed: (found: ComponentObservation) => boolean,
): ComponentRow {
  if (row.observed === 'stopped') return row;
  if (found === undefined) return { ...row, observed: 'absent', detail: null };
  // Resources of an older generation are on their way out; they say nothing about the one that was asked for.
  if (found.generation !== row.generation) return { ...row, observed: 'starting', detail: null };
  const servedGeneration = isServed(found) ? row.generation : row.servedGeneration;
  return { ...row, observed: found.state, servedGeneration, detail: found.detail };
}

/** The most urgent warning that is due, with all that it makes superfluous; null when none is due. */
function dueWarning(lab: Lab, warnSeconds: readonly number[], now: Date): Step | null {
  const secondsLeft = Math.round((lab.expiresAt.getTime() - now.getTime()) / 1000);
  const due = warnSeconds.filter((seconds) => secondsLeft <= seconds && !lab.warned.includes(seconds));
  if (due.length === 0) return null;
  return { do: 'warn', secondsLeft, warned: [...lab.warned, ...due] };
}

function nextLook(lab: Lab, blueprint: Blueprint, policy: Policy, now: Date): Date {
  const look = earliest(nextChange(lab, blueprint), later(now, policy.lookEverySeconds));
  const idleAt = idleEnd(lab, blueprint, policy);
  return idleAt === null || idleAt <= now ? look : earliest(look, idleAt);
}

/** Its end, or the next warning of it. */
function nextChange(lab: Lab, blueprint: Blueprint): Date {
  const warnings = blueprint.warnSeconds
    .filter((seconds) => !lab.warned.includes(seconds))
    .map((seconds) => later(lab.expiresAt, -seconds));
  return warnings.reduce(earliest, lab.expiresAt);
}

/** When it has been left alone for too long; null: never. */
function idleEnd(lab: Lab, blueprint: Blueprint, policy: Policy): Date | null {
  const seconds = blueprint.idleSeconds ?? policy.idlePauseSeconds;
  if (seconds <= 0) return null;
  const since = lab.readyAt !== null && lab.readyAt > lab.activeAt ? lab.readyAt : lab.activeAt;
  return later(since, seconds);
}

function rest(until: Date | null): Step {
  return { do: 'rest', until };
}

function later(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000);
}

function earliest(a: Date, b: Date): Date {
  return a < b ? a : b;
}
