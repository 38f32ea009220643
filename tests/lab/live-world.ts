/** A ready lab with faults, on a backend without resources, and the parts that work on it. */
import { actionKinds } from '../../src/actions/registry.ts';
import type { Judge } from '../../src/grading/judge/thread.ts';
import type { OperationDeps } from '../../src/grading/operations/operation-deps.ts';
import { createOperationService } from '../../src/grading/operations/operation-service.ts';
import type { ActionKind, AttemptStore } from '../../src/grading/types.ts';
import { createLabService } from '../../src/lab/lab-service.ts';
import { defaultPolicy } from '../../src/lab/policy.ts';
import type {
  ForkStore,
  LabStore,
  OperationStore,
  SandboxDriver,
  TemplateStore,
  WatchStore,
} from '../../src/lab/ports.ts';
import { realClock } from '../../src/lab/real-clock.ts';
import { reconcile } from '../../src/lab/reconcile.ts';
import { servedTemplates } from '../../src/lab/releases/served-templates.ts';
import type { ClassStore, ReleaseStore } from '../../src/lab/releases/types.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { randomSource } from '../../src/templates/random.ts';
import { nearest } from '../../src/templates/suggest.ts';
import type { FaultSpec, StepSpec, Template, TemplateVersion } from '../../src/templates/types.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryQueue } from '../fakes/memory-queue.ts';
import { noExports } from '../fakes/no-exports.ts';
import { versionWith } from '../support/versions.ts';

export type WorldStore = LabStore &
  AttemptStore &
  OperationStore &
  WatchStore &
  ForkStore &
  ReleaseStore &
  ClassStore &
  TemplateStore;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
export const signal = new AbortController().signal;
export const ann = { role: 'trainee', subject: 'ann' } as const;
/** An expression is true when it says `true`: what expressions are is tested elsewhere. */
const plainJudge: Pick<Judge, 'evaluate'> = {
  evaluate: async ({ sources, scope }) =>
    sources.map((source) => ({
      kind: 'value',
      value: source === 'true' || (source === 'it' && scope.it === true),
    })),
};

export function fault(id: string, steps: readonly StepSpec[], more: Partial<FaultSpec> = {}): FaultSpec {
  return { id, when: { on: 'time', afterSeconds: 600 }, say: null, steps, ...more };
}

export function step(id: string, kind: string, spec: StepSpec['spec'] = {}, save = {}): StepSpec {
  return { id, kind, spec, save, allowIdle: null };
}

/** What a `note` step was given, and on which sandbox at which generation it stood. */
export interface Note {
  readonly text: string;
  readonly where: string;
  readonly drawn: number;
}

export interface LiveWorldOptions {
  readonly template?: Partial<Template>;
  /** Awaited by each `note` step before it is noted. */
  readonly hold?: (text: string) => Promise<void>;
  /** Awaited before each effort for a component. */
  readonly starts?: (component: string) => Promise<void>;
}

let worlds = 0;

export async function liveWorld(store: WorldStore, options: LiveWorldOptions = {}) {
  const name = `w${++worlds}`;
  const plain = versionWith(name, `${name}-1`);
  const version: TemplateVersion = { ...plain, template: { ...plain.template, ...options.template } };
  const backend = new MemoryBackend();
  const notes: Note[] = [];
  let made = 0;
  const memory = createMemoryDriver({ backend, now: () => new Date() });
  const driver: SandboxDriver = {
    ...memory,
    async ensure(plan, component, within) {
      await options.starts?.(component);
      await memory.ensure(plan, component, within);
    },
    access: (plan, component) => ({
      kind: 'shell',
      path: `${plan.sandboxId}:${plan.components[component]?.generation}`,
    }),
  };
  /** Keeps a text, may fail, and gives what it was told to give. */
  const note: ActionKind<{ text: string; fails?: boolean; gives?: string }> = {
    kind: 'note',
    spec: observerKinds().values().next().value?.spec as never,
    resultType: () => ({ is: 'dyn' }),
    components: () => [],
    async run(spec, { sandbox, fill, drawn }, within) {
      await options.hold?.(spec.text);
      within.throwIfAborted();
      const at = sandbox.access('api');
      notes.push({
        text: fill.text(spec.text),
        where: at.kind === 'shell' ? at.path : '',
        drawn: drawn(0, 1_000_000),
      });
      return spec.fails === true
        ? { ok: false, reason: 'told to fail', value: null }
        : { ok: true, value: { gives: spec.gives ?? null } };
    },
  };
  const observers = observerKinds();
  const actions = new Map<string, ActionKind>([
    ...actionKinds(observers),
    ['note', note as unknown as ActionKind],
  ]);
  const queue = createMemoryQueue();
  const drivers = new Map([['process' as const, driver]]);
  const drafts = { list: async () => [version], load: async () => version, problems: async () => [] };
  const served = { drafts, releases: store, templateStore: store, nearest };
  const next = () => `${name}-id-${++made}`;
  const ids = { lab: next, sandbox: next, attempt: next, help: next, seed: () => 'seed' };
  const common = { labs: store, templateStore: store, queue, drivers, ids, nearest };
  const policy = { ...defaultPolicy, spares: 0, labsPerTrainee: 1000, labsGlobal: 1000 };
  const labs = createLabService({
    ...common,
    ...served,
    templates: servedTemplates(served),
    policy,
    defaultBackend: 'process',
  });
  const operations = createOperationService({
    labs,
    attempts: store,
    operations: store,
    judge: plainJudge,
    queue,
    nearest,
  });
  const deps: OperationDeps = {
    operations: store,
    forks: store,
    exporter: noExports,
    labs: store,
    attempts: store,
    templates: store,
    drivers,
    actions,
    observers,
    judge: plainJudge,
    queue,
    ids,
    nearest,
    drawBetween: (seed, of, from, to) => randomSource(seed, of).int(from, to),
    leaseSeconds: 8,
    clock: realClock,
    log: silent,
  };
  const settle = (id: string) =>
    reconcile(
      `lab:${id}`,
      {
        ...common,
        policy,
        surveyor: { survey: async () => ({}) },
        exporter: noExports,
        clock: realClock,
        log: silent,
        draw: () => ({ n: 7 }),
        onStockChanged: () => {},
      },
      signal,
    );
  const { lab } = await labs.createLab(ann, { template: name }, null);
  await settle(lab.id);
  return {
    store,
    labId: lab.id,
    version,
    backend,
    driver,
    queue,
    labs,
    operations,
    deps,
    notes,
    /** Brings the lab to where it should be. */
    settle: () => settle(lab.id),
    snapshot: () => store.getLab(lab.id),
    async operation(kind: string, of: string) {
      const all = await store.listOperations(lab.id);
      return all.find((one) => one.kind === kind && one.name === of);
    },
    /** Types of events with their data, but for those of making the lab. */
    async told() {
      const events = await store.eventsAfter(lab.id, 0, 1000);
      return events
        .filter(({ type }) => !/^(lab\.(requested|provisioning|ready)|component\.)/.test(type))
        .map(({ type, data }) => ({ type, data }));
    },
  };
}

export type LiveWorld = Awaited<ReturnType<typeof liveWorld>>;
