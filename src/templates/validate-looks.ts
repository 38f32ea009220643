/** What is true of looks and steps alike: components of the right kinds, known names, data in its own place. */
import type { ActionKind, ComponentDemand, ObserverKind, ValueType } from '../grading/types.ts';
import type { Path } from './problem.ts';
import { componentOf, declaredIds, declaredNames, reservedRoots, type Scene } from './scene.ts';
import { listWords } from './suggest.ts';
import { isObject, textsIn, valueAt } from './tree.ts';
import type { ComponentKind, Json, LookSpec } from './types.ts';
import { requireFile, requireFolder } from './validate-folder.ts';
import { checkReferences, type Roots } from './validate-references.ts';
import { requireName } from './validate-structure.ts';

/** Text of these is code: values go beside it, never into it. */
const codeKeys = ['query', 'statement'];

/** Components that a trial may name, and what to call them. */
export interface Reach {
  readonly components: readonly string[];
  readonly where: string;
}

export interface SpecOptions {
  /** Absent: all components. */
  readonly reach?: Reach | null;
  /** Keys that are looked at elsewhere. */
  readonly skip?: readonly string[];
}

/** Validates looks; returns the type of each, `dyn` for those that could not be read. */
export function validateLooks(
  scene: Scene,
  looks: Readonly<Record<string, LookSpec>>,
  path: Path,
  roots: Roots,
  options: SpecOptions = {},
): Roots {
  const types: Record<string, ValueType> = {};
  for (const name of declaredNames(scene, path)) types[name] = { is: 'dyn' };
  for (const [name, look] of Object.entries(looks)) {
    if (reservedRoots.includes(name)) {
      const message = `an observation cannot be called "${name}"; expressions know that name already`;
      scene.report([...path, name], 'bad_name', message, { what: 'key' });
    }
    const type = validateLook(scene, look, [...path, name], roots, options);
    if (type !== null) types[name] = type;
  }
  return types;
}

/** Validates one look; returns its type, null when its kind is not known. */
export function validateLook(
  scene: Scene,
  look: LookSpec,
  path: Path,
  roots: Roots,
  options: SpecOptions = {},
): ValueType | null {
  const kind = scene.registries.observers.get(look.kind);
  if (kind === undefined) return null;
  const place = [...path, look.kind];
  // A reference is made of what is asked about, whatever a trial's fork holds.
  const { reach: _, ...elsewhere } = options;
  validateSpec(scene, kind, look.spec, place, roots, look.at === undefined ? options : elsewhere);
  if (look.at !== undefined) refuseNamespaces(scene, kind, look, place);
  if (look.at?.startsWith('checkpoint:')) {
    const kept = (scene.authored.tasks ?? []).filter((task) => task.checkpoint).map((task) => task.id);
    requireName(scene, 'task with a checkpoint', look.at.slice('checkpoint:'.length), kept, [...place, 'at']);
  }
  return kind.resultType(look.spec);
}

/** A namespace is as it is: nobody keeps how it was. */
function refuseNamespaces(scene: Scene, kind: ObserverKind, { spec, at }: LookSpec, place: Path): void {
  const named = kind.components(spec).map(({ name }) => name);
  const namespace = named.find((name) => componentOf(scene, name)?.kind === 'namespace');
  if (namespace === undefined) return;
  const instead = at === 'start' ? '; of a database in it "baseline" tells what has changed' : '';
  const message = `how the namespace "${namespace}" was is not kept: leave "at" out${instead}`;
  scene.report([...place, 'at'], 'wrong_kind', message);
}

/**
 * @param parsed the spec as its kind parsed it; the spec as written stands at `path` in `scene.written`.
 * @param roots what its `{{ }}` may name.
 */
export function validateSpec(
  scene: Scene,
  kind: ObserverKind | ActionKind,
  parsed: object,
  path: Path,
  roots: Roots,
  { reach = null, skip = [] }: SpecOptions = {},
): void {
  const written = valueAt(scene.written, path);
  validateComponentNames(scene, kind, parsed, path, reach);
  for (const id of kind.questions?.(parsed) ?? []) {
    requireName(scene, 'question', id, declaredIds(scene, 'questions'), [...path, 'question']);
  }
  for (const id of kind.watches?.(parsed) ?? []) {
    requireName(scene, 'watch', id, declaredIds(scene, 'watches'), placeOfText(written, path, id));
  }
  for (const id of kind.faults?.(parsed) ?? []) {
    requireName(scene, 'fault', id, declaredIds(scene, 'faults'), placeOfText(written, path, id));
  }
  for (const file of kind.files?.(parsed) ?? []) {
    const require = file.endsWith('/') ? requireFolder : requireFile;
    require(scene, file, placeOfText(written, path, file));
  }

  // Words that are not yet supported may bring names of their own.
  if (scene.tainted(path)) return;
  if (!isObject(written)) {
    checkReferences(scene, written, path, roots);
    return;
  }
  for (const [key, value] of Object.entries(written)) {
    const place = [...path, key];
    if (skip.includes(key)) continue;
    if (codeKeys.includes(key)) {
      if (typeof value !== 'string' || !value.includes('{{')) continue;
      const message = `${key} is never filled in; write $1 and give the value in "args"`;
      scene.report(place, 'bad_reference', message, { offset: value.indexOf('{{') });
    } else {
      checkReferences(scene, value, place, { ...roots, ...ownRoots(kind, key) });
    }
  }
}

function validateComponentNames(
  scene: Scene,
  kind: ObserverKind | ActionKind,
  parsed: object,
  path: Path,
  reach: Reach | null,
): void {
  const known = declaredNames(scene, ['components']);
  for (const demand of kind.components(parsed)) {
    const { name, kinds, volume } = demand;
    const place = [...path, 'component'];
    if (!requireName(scene, 'component', name, known, place)) continue;
    const component = componentOf(scene, name);
    const found = component?.kind;
    if (found !== undefined && !kinds.includes(found)) {
      scene.report(place, 'wrong_kind', wrongKind(demand, found, String(path.at(-1))));
      continue;
    }
    if (volume !== undefined && component?.kind === 'namespace') {
      const volumes = Object.keys(component.storage);
      requireName(scene, `volume in the storage of "${name}"`, volume, volumes, [...path, 'volume']);
    }
    if (reach !== null && !reach.components.includes(name)) {
      const message = `"${name}" is not in ${reach.where}, which has ${listWords(reach.components)}`;
      scene.report(place, 'unknown_name', message);
    }
  }
}

function wrongKind({ name, kinds, because }: ComponentDemand, found: ComponentKind, kind: string): string {
  if (because !== undefined) return `"${name}" is a ${found}; "${because}" is named in a namespace`;
  const inside = found === 'namespace' ? insideKeys[kind] : undefined;
  if (inside !== undefined) return `"${name}" is a namespace; name what is looked at in it with "${inside}"`;
  return `"${name}" is a ${found}; ${kind} works on ${kinds.join(' and ')}`;
}

/** What a kind names in a namespace. */
const insideKeys: Readonly<Record<string, string>> = {
  ...{ http: 'service', metric: 'service', tcp: 'service', sql: 'service', schema: 'service' },
  ...{ baseline: 'service', journal: 'service', log: 'pod', exec: 'pod', file: 'volume' },
};

function ownRoots({ ownRoots: own = {} }: ObserverKind | ActionKind, key: string): Roots {
  const names = Object.hasOwn(own, key) ? (own[key] ?? []) : [];
  return Object.fromEntries(names.map((name) => [name, { is: 'dyn' }]));
}

/** Where a name stands in what was written at `path`. */
function placeOfText(written: unknown, path: Path, text: string): Path {
  for (const one of textsIn(written as Json | undefined, path)) if (one.text === text) return one.path;
  return path;
}
