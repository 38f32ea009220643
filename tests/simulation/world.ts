/**
 * One history: users, workers and faults over the real reconcile, sweep, reap and stock, forks, operations and watches,
 * with an in-memory store and backend. Every await is a place to interleave, to crash or to freeze. After each step the
 * promises are checked.
 */
import {
  createSnapshotService,
  type SnapshotService,
} from '../../src/grading/operations/snapshot-service.ts';
import { LabError } from '../../src/lab/errors.ts';
import type { Lab, LabPhase, Sandbox } from '../../src/lab/lab.ts';
import { type Caller, createLabService, type LabService } from '../../src/lab/lab-service.ts';
import { defaultPolicy, type Policy } from '../../src/lab/policy.ts';
import type { Exported, LabExporter, WakeKey } from '../../src/lab/ports.ts';
import { reap } from '../../src/lab/reap.ts';
import { reconcile } from '../../src/lab/reconcile.ts';
import { servedTemplates } from '../../src/lab/releases/served-templates.ts';
import { createStock } from '../../src/lab/stock.ts';
import { sweep } from '../../src/lab/sweep.ts';
import type { TemplateSource, TemplateVersion } from '../../src/templates/types.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { isLiving, MemoryTables } from '../fakes/memory-tables.ts';
import { versionWith } from '../support/versions.ts';
import { Effects } from './effects.ts';
import { lively } from './lively.ts';
import { livelyVersion } from './lively-version.ts';
import { Looks } from './looks.ts';
import { Owners } from './owners.ts';
import { Process, Scheduler } from './scheduler.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const legal: Readonly<Record<LabPhase, readonly LabPhase[]>> = {
  requested: ['provisioning', 'terminating'],
  provisioning: ['ready', 'terminating'],
  ready: ['provisioning', 'paused', 'terminating'],
  paused: ['resuming', 'provisioning', 'terminating'],
  resuming: ['ready', 'paused', 'terminating'],
  terminating: ['terminated'],
  terminated: [],
};
const policy: Policy = {
  ...defaultPolicy,
  labsPerTrainee: 2,
  labsGlobal: 4,
  spares: 1,
  reapGraceSeconds: 20,
  retrySeconds: [1, 2],
  provisionTries: 4,
  idlePauseSeconds: 240,
};
/** A minute in which nothing changes: longer than any lease, retry, look or grace. */
const quietRounds = 4;
const roundMs = 15_000;
const instructor: Caller = { role: 'instructor', subject: 'ines' };

type Deps = Parameters<typeof reconcile>[1];

interface Parts {
  readonly labs: ReturnType<typeof createMemoryStore>;
  readonly driver: ReturnType<typeof createMemoryDriver>;
  readonly stock: ReturnType<typeof createStock>;
  readonly deps: Deps;
  readonly service: LabService;
  readonly snapshots: SnapshotService;
  readonly lively: ReturnType<typeof lively>;
}

export class World {
  readonly #random: () => number;
  readonly #sabotage: (store: MemoryStore) => MemoryStore;
  readonly #scheduler: Scheduler;
  readonly #tables = new MemoryTables();
  readonly #backend = new MemoryBackend();
  readonly #rings: WakeKey[] = [];
  readonly #seen = new Map<string, LabPhase>();
  readonly #served = new Map<string, string>();
  readonly broken: string[] = [];
  readonly counts = {
    ready: 0,
    served: 0,
    ended: 0,
    reset: 0,
    crashes: 0,
    reaped: 0,
    refused: 0,
    rewound: 0,
    released: 0,
    paused: 0,
    idle: 0,
    resumed: 0,
    restful: 0,
    restored: 0,
    exported: 0,
  };
  readonly #effects = new Effects(this.#tables, (what) => this.broken.push(what));
  readonly #looks = new Looks(this.#tables, (what) => this.broken.push(what));
  readonly #owners = new Owners(this.#tables, (what) => this.broken.push(what));
  /** Watches that are being sampled: lab → processes. */
  readonly #watching = new Map<Process, string[]>();
  #workers: Process[] = [];
  #version = 1;
  #ids = 0;
  #faults = true;
  /** Writes to the tables that the promises were checked after. */
  #checked = 0;
  readonly #held = new WeakMap<Process, Parts>();
  readonly #versions = new Map<string, TemplateVersion>();

  /** @param sabotage makes a store that breaks a promise: to see that the simulation would find it. */
  constructor(random: () => number, sabotage: (store: MemoryStore) => MemoryStore = (store) => store) {
    this.#random = random;
    this.#sabotage = sabotage;
    this.#scheduler = new Scheduler(random);
    this.#workers = [this.#start(), this.#start()];
  }

  /** Walks one random history, lets the world heal, and returns every broken promise. */
  async walk(steps: number): Promise<readonly string[]> {
    if (this.#random() < 0.4) await this.#calmBeginning();
    for (let i = 0; i < steps; i++) {
      await this.#somethingHappens();
      const calm = this.#random() < 0.25;
      for (let n = Math.floor(this.#random() * (calm ? 60 : 8)); n > 0; n--) if (!(await this.#step())) break;
    }
    await this.#heal();
    this.#checkHealed();
    await this.#endEverything();
    return this.broken;
  }

  /** How often what happened, for a simulation in which nothing happens proves nothing. */
  get totals(): Readonly<Record<string, number>> {
    const { forks, counts } = this.#owners;
    return { ...this.counts, ...counts, forks, steps: this.#effects.steps, looks: this.#looks.count };
  }

  /** Milliseconds of the simulated clock. */
  get time(): number {
    return this.#scheduler.time;
  }

  /** A lab that was graded before anything goes wrong: from there one can go back, and much is under way. */
  async #calmBeginning(): Promise<void> {
    this.#faults = false;
    const [worker = this.#start()] = this.#workers;
    const create = ({ service }: Parts) =>
      service.createLab({ role: 'trainee', subject: 'ann' }, { template: 'lively' }, null);
    const take = ({ snapshots }: Parts, id: string) =>
      snapshots.take(instructor, id, { name: 'one', note: null });
    for (const work of [create, this.#askForGrade(), take]) {
      this.#userDoes(work);
      while (await this.#step());
      for (let n = 0; n < 3; n++) {
        this.#sweep(worker, 50);
        while (await this.#step());
      }
    }
    this.#faults = true;
  }

  #start(): Process {
    return new Process(`worker-${++this.#ids}`);
  }

  #drafts(): TemplateSource {
    const versions = (): TemplateVersion[] => [
      this.#versionOf(`lively-${this.#version}`, (hash) => livelyVersion('lively', hash)),
      this.#versionOf('drawn-1', (hash) =>
        versionWith('drawn', hash, {
          parameters: {
            n: { draw: 'row', component: 'database', query: 'select 1', column: null, redact: false },
          },
        }),
      ),
    ];
    return {
      list: async () => versions(),
      load: async (id) => versions().find((version) => version.template.id === id) ?? null,
      problems: async () => [],
    };
  }

  #versionOf(hash: string, make: (hash: string) => TemplateVersion): TemplateVersion {
    const version = this.#versions.get(hash) ?? make(hash);
    this.#versions.set(hash, version);
    return version;
  }

  #partsOf(process: Process): Parts {
    const parts = this.#held.get(process) ?? this.#parts(process);
    this.#held.set(process, parts);
    return parts;
  }

  /** Everything that one process holds: its own view of the shared world, which dies with it. */
  #parts(process: Process): Parts {
    const pause = () => this.#scheduler.pause(process);
    const labs = this.#sabotage(createMemoryStore({ now: this.#scheduler.now, pause, tables: this.#tables }));
    const bare = createMemoryDriver({
      backend: this.#backend,
      now: this.#scheduler.now,
      pause,
      fails: () => this.#faults && this.#random() < 0.06,
      onDestroy: (id) => this.#checkDestroy(id),
    });
    const driver = { ...bare, access: () => ({ kind: 'shell', path: '/' }) as const };
    const queue = {
      wake: async (key: WakeKey) => {
        await pause();
        if (this.#faults && this.#random() < 0.15) return;
        this.#rings.push(key);
        if (this.#faults && this.#random() < 0.1) this.#rings.push(key);
      },
      onWake: () => {},
      depth: async () => ({ waiting: this.#rings.length, active: 0, oldestSeconds: 0 }),
      close: async () => {},
    };
    const drivers = new Map([['process' as const, driver]]);
    const ids = {
      lab: () => `lab-${++this.#ids}`,
      sandbox: () => `sb-${++this.#ids}`,
      attempt: () => `att-${++this.#ids}`,
      seed: () => 'seed',
      help: () => `help-${++this.#ids}`,
    };
    const clock = { sleep: (ms: number, signal: AbortSignal) => this.#scheduler.sleep(process, ms, signal) };
    const served = { drafts: this.#drafts(), releases: labs, templateStore: labs, nearest: () => null };
    const common = { labs, ...served, templates: servedTemplates(served), queue, drivers, policy, ids };
    const stock = createStock({ ...common, backends: new Set(['process'] as const) });
    const deps = {
      ...common,
      surveyor: {
        survey: async () => {
          await pause();
          if (this.#faults && this.#random() < 0.06) throw new LabError('backend_unavailable', 'no answer');
          return { n: [1, 2] };
        },
      },
      exporter: {
        write: async ({ lab, sandbox }: Parameters<LabExporter['write']>[0]) =>
          this.#writes(lab, sandbox, pause),
        prune: async () => {},
      },
      clock,
      log: silent,
      draw: () => ({ n: 1 }),
      onStockChanged: ({ templateHash, failed }: { templateHash: string; failed: boolean }) => {
        if (failed) stock.failed(templateHash);
      },
    };
    const service = createLabService({ ...common, defaultBackend: 'process' });
    const going = lively({
      ...{ store: labs, driver, queue, ids, clock, pause },
      ...{ effects: this.#effects, looks: this.#looks, owners: this.#owners },
      leaseSeconds: policy.leaseSeconds,
      now: this.#scheduler.now,
      chance: (share) => this.#faults && this.#random() < share,
      passes: () => this.#random() < 0.7,
      works: (labId) => this.#works(labId),
    });
    const snapshots = createSnapshotService({ labs: service, operations: labs, queue, snapshotsPerLab: 2 });
    return { labs, driver, stock, deps, service, snapshots, lively: going };
  }

  #run(process: Process, work: (parts: Parts) => Promise<unknown>): void {
    work(this.#partsOf(process)).catch((thrown: unknown) => {
      if (thrown instanceof LabError && thrown.code !== 'internal') this.counts.refused++;
      else this.broken.push(`threw: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown}`);
    });
  }

  async #somethingHappens(): Promise<void> {
    const dice = this.#random() * 124;
    const worker = this.#pick(this.#workers.filter((w) => !w.frozen));
    if (dice < 12) this.#userDoes(this.#create());
    else if (dice < 16) this.#userDoes(({ service }, id) => service.deleteLab(instructor, id));
    else if (dice < 20) this.#userDoes(({ service }, id) => service.resetLab(instructor, id, {}));
    else if (dice < 24)
      this.#userDoes(({ service }, id) =>
        service.resetLab(instructor, id, { components: ['api'], keepScore: true }),
      );
    else if (dice < 26) this.#userDoes(({ service }, id) => service.extendLab(instructor, id, 3));
    else if (dice < 36) this.#someoneWorks(dice);
    else if (dice < 40) this.#breakSomething();
    else if (dice < 40.5) this.#version++;
    else if (dice < 41) this.#userDoes(this.#releaseOrRollBack());
    else if (dice < 47) this.#crash();
    else if (dice < 49) this.#freezeOrThaw();
    else if (dice < 54)
      await this.#scheduler.advance(this.#random() < 0.1 ? 400_000 : 7_000 * this.#random());
    else if (dice > 118) this.#someoneKeeps(dice);
    else if (dice > 112) this.#someoneRests(dice);
    else if (worker !== undefined) this.#workerDoes(worker, dice - 12);
  }

  /** What is kept of a lab that ends is written before anything of it goes. */
  async #writes(lab: Lab, sandbox: Sandbox, pause: () => Promise<void>): Promise<Exported> {
    await pause();
    if (this.#faults && this.#random() < 0.2) throw new LabError('backend_unavailable', 'it cannot be read');
    if (this.#tables.labs.get(lab.id)?.lab.exportsLeft !== 0 && !this.#backend.sandboxes.has(sandbox.id)) {
      this.broken.push(`${lab.id} is to be written down, and ${sandbox.id} is gone`);
    }
    this.counts.exported++;
    await pause();
    return { bytes: 1, leftOut: 0 };
  }

  /** What trainees get is another version from here on, or the one before again. */
  #releaseOrRollBack() {
    const act = { by: instructor.subject, note: null };
    const draft = this.#versionOf(`lively-${this.#version}`, (hash) => livelyVersion('lively', hash));
    const back = this.#random() < 0.3;
    return async ({ labs }: Parts): Promise<void> => {
      if (!back) {
        await labs.save(draft);
        await labs.stage('lively', draft.hash, act);
      }
      const { outcome } = await (back
        ? labs.rollBack('lively', null, act)
        : labs.release('lively', null, act));
      if (outcome === 'released' || outcome === 'rolled_back') this.counts.released++;
    };
  }

  /** What trainees do in a lab: have it graded, press its button, have a task done, go back. */
  #someoneWorks(dice: number): void {
    if (dice < 31) this.#userDoes(this.#askForGrade(), 'lively');
    else if (dice < 33) {
      this.#userDoes(
        ({ lively: { operations }, service }, id) => operations(service).press(instructor, id, 'go'),
        'lively',
      );
    } else if (dice < 34) {
      this.#userDoes(
        ({ lively: { operations }, service }, id) => operations(service).skip(instructor, id, 'task'),
        'lively',
      );
    } else {
      this.#userDoes(async ({ service }, id) => {
        await service.rewind(instructor, id, 'task');
        this.counts.rewound++;
      }, 'lively');
    }
  }

  #someoneKeeps(dice: number): void {
    const name = this.#random() < 0.8 ? 'one' : 'two';
    if (dice < 118.8) this.#someoneWorks(35);
    else if (dice < 120.4) {
      this.#userDoes(({ snapshots }, id) => snapshots.take(instructor, id, { name, note: null }), 'lively');
    } else if (dice < 123) {
      const keepScore = this.#random() < 0.7;
      this.#userDoes(async ({ service }, id) => {
        await service.restore(instructor, id, { snapshot: name, keepScore });
        this.counts.restored++;
      }, 'lively');
    } else this.#userDoes(({ snapshots }, id) => snapshots.remove(instructor, id, name), 'lively');
  }

  #someoneRests(dice: number): void {
    if (dice < 115) this.#userDoes(({ service }, id) => service.pauseLab(instructor, id));
    else if (dice < 117)
      this.#userDoes(({ service }, id) => service.resumeLab(instructor, id), undefined, 'paused');
    else this.#userDoes(({ service }, id) => service.use(instructor, id));
  }

  #askForGrade(): (parts: Parts, labId: string) => Promise<unknown> {
    return async ({ labs, deps }, id) => {
      const request = { id: deps.ids.attempt(), final: false, maxPoints: 1, everySeconds: 0, alone: true };
      await labs.requestAttempt(id, request);
      await deps.queue.wake(`attempt:${request.id}`);
    };
  }

  #workerDoes(worker: Process, dice: number): void {
    if (dice < 70) {
      const key = this.#rings.splice(Math.floor(this.#random() * this.#rings.length), 1)[0];
      if (key !== undefined) this.#run(worker, (parts) => this.#handle(key, parts, worker));
    } else if (dice < 88) this.#sweep(worker, 8);
    else if (dice < 94) this.#run(worker, ({ stock }) => stock.keep());
    else this.#reap(worker);
  }

  /** Nobody waits for what was claimed, as in a worker: a watch goes on for as long as its lab. */
  #sweep(worker: Process, limit: number): void {
    this.#run(worker, ({ labs }) =>
      sweep(labs, policy.leaseSeconds, limit, async (key) =>
        this.#run(worker, (parts) => this.#handle(key, parts, worker)),
      ),
    );
  }

  async #handle(
    key: WakeKey,
    { deps, lively: { grade, operate, watch } }: Parts,
    worker: Process,
  ): Promise<void> {
    const id = key.slice(key.indexOf(':') + 1);
    if (key.startsWith('attempt:')) return grade(id);
    if (key.startsWith('operation:')) return operate(id);
    if (!key.startsWith('watch:')) {
      await reconcile(key as Parameters<typeof reconcile>[0], deps, new AbortController().signal);
      return;
    }
    this.#watching.set(worker, [...(this.#watching.get(worker) ?? []), id]);
    await watch(id);
    const all = this.#watching.get(worker) ?? [];
    all.splice(all.indexOf(id), 1);
  }

  #reap(worker: Process): void {
    this.#run(worker, async ({ driver, labs }) => {
      this.counts.reaped += await reap(
        driver,
        labs,
        policy.reapGraceSeconds,
        silent,
        new AbortController().signal,
      );
    });
  }

  #create(): (parts: Parts) => Promise<unknown> {
    const template = this.#random() < 0.5 ? 'lively' : 'drawn';
    const trainee = this.#random() < 0.5 ? 'ann' : 'bob';
    const key = this.#random() < 0.3 ? `key-${Math.floor(this.#random() * 3)}` : null;
    return ({ service }) => service.createLab({ role: 'trainee', subject: trainee }, { template }, key);
  }

  /** A user's request runs in an API process of its own, which may crash like any other. */
  #userDoes(
    ask: (parts: Parts, labId: string) => Promise<unknown>,
    template?: string,
    phase: LabPhase = 'ready',
  ): void {
    const all = [...this.#tables.labs.values()].filter(
      ({ lab }) => template === undefined || lab.templateId === template,
    );
    const ready = all.filter(({ lab }) => lab.phase === phase);
    const id = this.#pick(ready.length > 0 && this.#random() < 0.7 ? ready : all)?.lab.id ?? 'lab-none';
    const api = new Process('api');
    if (this.#random() < 0.05)
      process.nextTick(() => {
        api.alive = false;
      });
    this.#run(api, (parts) => ask(parts, id));
  }

  #breakSomething(): void {
    const id = this.#pick([...this.#backend.sandboxes.keys()]);
    if (id !== undefined) this.#backend.break(id, this.#pick(['database', 'api', 'workspace']) ?? 'api');
  }

  #crash(): void {
    const victim = this.#pick(this.#workers);
    if (victim === undefined) return;
    victim.alive = false;
    this.counts.crashes++;
    this.#workers = this.#workers.map((worker) => (worker === victim ? this.#start() : worker));
  }

  /** SIGSTOP and, later, CONT: the stale worker goes on with what it knew. */
  #freezeOrThaw(): void {
    const worker = this.#pick(this.#workers);
    if (worker !== undefined) worker.frozen = !worker.frozen;
  }

  async #step(): Promise<boolean> {
    const went = await this.#scheduler.step();
    const { writes } = this.#tables;
    if (writes !== this.#checked) this.#checkAlways();
    this.#checked = writes;
    return went;
  }

  async #heal(): Promise<void> {
    this.#faults = false;
    for (const worker of this.#workers) worker.frozen = false;
    let before = '';
    for (let round = 0, quiet = 0; round < 24 && quiet < quietRounds; round++) {
      const worker = this.#pick(this.#workers) ?? this.#start();
      this.#sweep(worker, 50);
      this.#run(worker, ({ stock }) => stock.keep());
      this.#reap(worker);
      while (await this.#step());
      await this.#scheduler.advance(roundMs);
      const now = this.#standing();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  /** All that a worker may still want to change. */
  #standing(): string {
    const { labs, sandboxes, attempts, operations } = this.#tables;
    return [
      ...[...labs.values()].map(({ lab }) => lab.version),
      ...[...sandboxes.values()].map(({ sandbox }) => sandbox.version),
      ...[...attempts.values()].map(({ attempt, fence }) => attempt.state + fence),
      ...[...operations.values()].map(({ operation, fence }) => operation.state + fence),
      ...this.#backend.sandboxes.keys(),
    ].join();
  }

  /** Nothing may be left when the last lab has ended and no spare is wanted. */
  async #endEverything(): Promise<void> {
    this.#version++;
    const api = new Process('api');
    for (const id of this.#tables.labs.keys())
      this.#run(api, ({ service }) => service.deleteLab(instructor, id));
    for (const { sandbox } of this.#tables.sandboxes.values()) {
      if (sandbox.labId === null && sandbox.owner === null && isLiving(sandbox)) {
        this.#run(api, ({ labs }) => labs.changeSandbox(sandbox.id, sandbox.version, { state: 'dead' }));
      }
    }
    while (await this.#step());
    for (let round = 0; round < 12; round++) {
      const worker = this.#pick(this.#workers) ?? this.#start();
      this.#sweep(worker, 50);
      this.#reap(worker);
      while (await this.#step());
      await this.#scheduler.advance(10_000);
    }
    for (const id of this.#backend.sandboxes.keys())
      this.broken.push(`leaked: ${id} is left after everything ended`);
    for (const { lab } of this.#tables.labs.values()) {
      if (lab.phase !== 'terminated')
        this.broken.push(`stuck: ${lab.id} is ${lab.phase} after it was deleted`);
    }
    this.#owners.checkHealed();
    for (const worker of this.#workers) {
      const still = this.#watching.get(worker) ?? [];
      if (still.length > 0) this.broken.push(`${still.join(', ')} ended and are still watched`);
    }
  }

  // ------------------------------------------------------------------------------------------------------ promises

  #checkAlways(): void {
    this.#effects.follow();
    this.#owners.check();
    const holders = new Map<string, string>();
    const perTrainee = new Map<string, number>();
    for (const { lab } of this.#tables.labs.values()) {
      this.#checkEdge(lab);
      if (lab.phase === 'terminated') continue;
      perTrainee.set(lab.trainee, (perTrainee.get(lab.trainee) ?? 0) + 1);
      if (lab.sandboxId === null) continue;
      const other = holders.get(lab.sandboxId);
      if (other !== undefined)
        this.broken.push(`double hand-out: ${lab.sandboxId} serves ${other} and ${lab.id}`);
      holders.set(lab.sandboxId, lab.id);
      const owner = this.#tables.sandboxes.get(lab.sandboxId)?.sandbox.labId;
      if (owner !== lab.id)
        this.broken.push(`${lab.id} is served by ${lab.sandboxId}, which belongs to ${owner}`);
      const before = this.#served.get(lab.sandboxId);
      if (before !== undefined && before !== lab.id)
        this.broken.push(`${lab.sandboxId} served ${before} before ${lab.id}`);
      this.#served.set(lab.sandboxId, lab.id);
    }
    for (const [trainee, n] of perTrainee)
      if (n > policy.labsPerTrainee) this.broken.push(`quota: ${trainee} has ${n}`);
    if ([...perTrainee.values()].reduce((a, b) => a + b, 0) > policy.labsGlobal)
      this.broken.push('quota: global');
  }

  #checkEdge(lab: Lab): void {
    const before = this.#seen.get(lab.id);
    if (before === lab.phase) return;
    if (before === undefined ? lab.phase !== 'requested' : !legal[before].includes(lab.phase)) {
      this.broken.push(`illegal edge: ${lab.id} went from ${before} to ${lab.phase}`);
    }
    if (lab.phase === 'ready') this.counts.ready++;
    if (lab.phase === 'paused') this.counts[lab.pausedBecause === 'idle' ? 'idle' : 'paused']++;
    if (lab.phase === 'ready' && before === 'resuming') this.counts.resumed++;
    if (lab.phase === 'terminated') this.counts.ended++;
    this.#seen.set(lab.id, lab.phase);
  }

  #checkDestroy(sandboxId: string): void {
    const state = this.#tables.sandboxes.get(sandboxId)?.sandbox.state;
    for (const { lab } of this.#tables.labs.values()) {
      if (lab.sandboxId === sandboxId && lab.exportsLeft > 0)
        this.broken.push(`destroyed ${sandboxId} before ${lab.id} was written down`);
    }
    if (state !== 'dead' && state !== 'gone') this.broken.push(`destroyed ${sandboxId}, which is ${state}`);
  }

  #checkHealed(): void {
    this.#effects.checkHealed(this.#scheduler.now());
    this.#looks.checkTrue();
    this.#owners.checkHealed();
    const kept = new Set<string>();
    for (const { lab } of this.#tables.labs.values()) {
      if (lab.phase === 'terminated') {
        if (lab.endReason === null) this.broken.push(`${lab.id} ended without a reason`);
        continue;
      }
      // The clock was moved on after the last sweep.
      const late = this.#scheduler.time - lab.expiresAt.getTime() > roundMs;
      if (late) this.broken.push(`${lab.id} lives past its end`);
      const sandbox = this.#tables.sandboxOf(lab);
      if (lab.phase === 'paused' && sandbox !== null) {
        kept.add(sandbox.id);
        this.#checkPaused(lab, sandbox.id);
        continue;
      }
      if (lab.phase !== 'ready' || sandbox === null) {
        this.broken.push(`lost: ${lab.id} is still ${lab.phase}`);
        continue;
      }
      kept.add(sandbox.id);
      this.#checkServes(lab, sandbox.id);
    }
    for (const { sandbox } of this.#tables.sandboxes.values()) {
      const spare = sandbox.state === 'up' && sandbox.labId === null && sandbox.owner === null;
      const owned = sandbox.owner !== null && isLiving(sandbox) && this.#owners.isKept(sandbox);
      if (spare || owned) kept.add(sandbox.id);
    }
    for (const id of this.#backend.sandboxes.keys()) if (!kept.has(id)) this.broken.push(`leaked: ${id}`);
  }

  /** Nothing of it runs that could be stopped, all of it is there, and nothing waits to be done in it. */
  #checkPaused(lab: Lab, sandboxId: string): void {
    this.counts.restful++;
    for (const [name, row] of Object.entries(this.#tables.sandboxOf(lab)?.components ?? {})) {
      const real = this.#backend.sandboxes.get(sandboxId)?.components.get(name);
      const rests = row.observed === 'stopped' && real !== undefined && (real.broken || name === 'workspace');
      if (!rests) this.broken.push(`${lab.id} is paused, but ${name} is ${JSON.stringify([row, real])}`);
    }
    const due = [...this.#tables.operations.values()].filter(
      ({ operation, dueAt }) => operation.labId === lab.id && dueAt !== null,
    );
    if (due.length > 0) this.broken.push(`${lab.id} is paused, and ${due[0]?.operation.id} is due`);
    if (this.#tables.watches.get(lab.id)?.dueAt) this.broken.push(`${lab.id} is paused, and watched`);
  }

  #checkServes(lab: Lab, sandboxId: string): void {
    this.counts.served++;
    if (
      Object.values(this.#tables.sandboxes.get(sandboxId)?.sandbox.components ?? {}).some(
        (row) => row.generation > 1,
      )
    )
      this.counts.reset++;
    for (const [name, row] of Object.entries(
      this.#tables.sandboxes.get(sandboxId)?.sandbox.components ?? {},
    )) {
      const real = this.#backend.sandboxes.get(sandboxId)?.components.get(name);
      // What is in the trainee's custody stays as they left it; a reset that was asked for must still be done.
      const works =
        real !== undefined && real.generation === row.generation && (!real.broken || name === 'workspace');
      if (!works)
        this.broken.push(
          `${lab.id} says ready, but ${name} is ${JSON.stringify(real)} and not ${row.generation}`,
        );
    }
    if (lab.params === null) this.broken.push(`${lab.id} is ready without parameters`);
  }

  #works(labId: string): boolean {
    const sandboxId = this.#tables.labs.get(labId)?.lab.sandboxId ?? '';
    const components = this.#backend.sandboxes.get(sandboxId)?.components.values() ?? [];
    return [...components].every(({ broken }) => !broken);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#random() * from.length)];
  }
}
