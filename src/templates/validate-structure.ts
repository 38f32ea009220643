/** Ids, tasks, the order between checks, and times. */
import type { Path } from './problem.ts';
import { componentOf, declaredIds, declaredNames, type Scene } from './scene.ts';
import { didYouMean, listWords } from './suggest.ts';
import type { ComponentKind, ComponentSpec } from './types.ts';

export function validateStructure(scene: Scene): void {
  for (const section of ['tasks', 'questions', 'trials', 'watches', 'faults', 'checks', 'wrong'] as const) {
    unique(scene, scene.authored[section] ?? [], [section]);
  }
  validateTasks(scene);
  validateNeeds(scene);
  validateTimes(scene);
  validateKeep(scene);
}

function unique(scene: Scene, items: readonly { readonly id: string }[], path: Path): void {
  const seen = new Set<string>();
  for (const [index, { id }] of items.entries()) {
    if (seen.has(id))
      scene.report([...path, index, 'id'], 'duplicate', `the id "${id}" is used twice in ${path.join('.')}`);
    seen.add(id);
  }
}

/** Says so when `name` is not among `known`. */
export function requireName(
  scene: Scene,
  what: string,
  name: string,
  known: readonly string[],
  path: Path,
  place: 'key' | 'value' = 'value',
): boolean {
  if (known.includes(name)) return true;
  const message = `there is no ${what} "${name}"; known: ${listWords(known)}${didYouMean(name, known)}`;
  scene.report(path, 'unknown_name', message, { what: place });
  return false;
}

/** As `requireName`, for a component of one of these kinds; null when it is not, or could not be read. */
export function requireKind(
  scene: Scene,
  name: string,
  kinds: readonly ComponentKind[],
  who: string,
  path: Path,
): ComponentSpec | null {
  if (!requireName(scene, 'component', name, declaredNames(scene, ['components']), path)) return null;
  const found = componentOf(scene, name);
  if (found === null || kinds.includes(found.kind)) return found;
  const message = `"${name}" is a ${found.kind}; ${who} a ${kinds.join(', ').replace(/, ([^,]*)$/, ' or $1')}`;
  scene.report(path, 'wrong_kind', message);
  return null;
}

/** Ids of all checks, those that could not be read included. */
export function checkIds(scene: Scene): readonly string[] {
  return declaredIds(scene, 'checks');
}

function validateTasks(scene: Scene): void {
  const { tasks = [], checks = [] } = scene.authored;
  const components: Readonly<Record<string, ComponentSpec>> = scene.authored.components ?? {};
  const known = checkIds(scene);
  const taskOf = new Map<string, string>();
  for (const [index, task] of tasks.entries()) {
    for (const [place, id] of task.checks.entries()) {
      const path = ['tasks', index, 'checks', place];
      requireName(scene, 'check', id, known, path);
      const first = taskOf.get(id);
      if (first !== undefined)
        scene.report(path, 'duplicate', `the check "${id}" is already in task "${first}"`);
      taskOf.set(id, first ?? task.id);
    }
    const namespace = Object.entries(components).find(([, one]) => one.kind === 'namespace')?.[0];
    if (task.checkpoint && namespace !== undefined) {
      const message = `no checkpoint can be kept of a lab with a namespace ("${namespace}"): what is in it cannot be copied`;
      scene.report(['tasks', index, 'checkpoint'], 'wrong_value', message);
    }
    const guards = task.checks.filter((id) => checks.some((check) => check.id === id && check.guard));
    if (guards.length === task.checks.length) {
      const message = `task "${task.id}" has only checks with "guard": a guard scores beside another check that passed`;
      scene.report(['tasks', index, 'checks'], 'wrong_value', message);
    }
  }
  // A task that could not be read may hold the check.
  if (scene.authored.tasks === undefined || scene.tainted(['tasks'])) return;
  for (const [index, { id }] of checks.entries()) {
    if (!taskOf.has(id))
      scene.report(['checks', index, 'id'], 'unknown_name', `the check "${id}" is in no task`);
  }
}

function validateNeeds(scene: Scene): void {
  const { checks = [] } = scene.authored;
  const known = checkIds(scene);
  for (const [index, { needs }] of checks.entries()) {
    for (const [place, id] of needs.entries())
      requireName(scene, 'check', id, known, ['checks', index, 'needs', place]);
  }
  const needs = Object.fromEntries(checks.map((check) => [check.id, check.needs]));
  reportCycles(scene, needs, (id) => ['checks', checks.findIndex((check) => check.id === id), 'needs']);
}

/** Reports each ring of names once, at the place of its first name. */
export function reportCycles(
  scene: Scene,
  edges: Readonly<Record<string, readonly string[]>>,
  placeOf: (name: string) => Path,
): void {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    const at = way.indexOf(name);
    if (at >= 0) {
      const ring = [...way.slice(at), name].join(' → ');
      scene.report(placeOf(way[at] ?? name), 'cycle', `a ring: ${ring}`);
      return;
    }
    if (done.has(name)) return;
    done.add(name);
    for (const next of Object.hasOwn(edges, name) ? (edges[name] ?? []) : []) visit(next, [...way, name]);
  };
  for (const name of Object.keys(edges)) visit(name, []);
}

function validateKeep(scene: Scene): void {
  const seen = new Set<string>();
  for (const [index, keep] of (scene.authored.keep ?? []).entries()) {
    const text = JSON.stringify(keep);
    if (seen.has(text)) scene.report(['keep', index], 'duplicate', `${text} is kept twice`);
    seen.add(text);
    if (typeof keep === 'string') continue;
    const [kind, kinds, who] =
      'database' in keep
        ? (['database', ['postgres'], 'what is kept as tables is'] as const)
        : (['files', ['shell'], 'files are kept of'] as const);
    const { component } = 'database' in keep ? keep.database : keep.files;
    requireKind(scene, component, kinds, who, ['keep', index, kind, 'component']);
  }
}

function validateTimes(scene: Scene): void {
  const { lifetime, idle, grading, checks = [] } = scene.authored;
  if (lifetime !== undefined && idle !== undefined && idle.pauseAfter !== 'never') {
    const { pauseAfter } = idle;
    if (pauseAfter >= lifetime.max) {
      const message = `a lab that ends after ${lifetime.max}s at the latest is never paused after ${pauseAfter}s`;
      scene.report(['idle', 'pauseAfter'], 'wrong_value', message);
    }
  }
  if (lifetime !== undefined) {
    const { ttl, max, warn } = lifetime;
    if (ttl > max)
      scene.report(
        ['lifetime', 'ttl'],
        'wrong_value',
        `lifetime.ttl is ${ttl}s, more than lifetime.max (${max}s)`,
      );
    for (const [index, before] of warn.entries()) {
      if (before < ttl) continue;
      scene.report(
        ['lifetime', 'warn', index],
        'wrong_value',
        `a warning ${before}s before the end of a lab that lives ${ttl}s`,
      );
    }
  }
  for (const [index, { within }] of checks.entries()) {
    if (within === undefined || grading === undefined || within < grading.deadline) continue;
    const message = `within ${within}s can never be waited out: grading.deadline is ${grading.deadline}s`;
    scene.report(['checks', index, 'within'], 'wrong_value', message);
  }
}
