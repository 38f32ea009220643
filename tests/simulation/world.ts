/**
 * One history: users, workers and faults over the real reconcile, sweep, reap and stock, with an in-memory store and
 * backend. Every await is a place to interleave, to crash or to freeze. After each step the promises are checked.
 */
import { LabError } from '../../src/lab/errors.ts';
import type { Lab, LabPhase } from '../../src/lab/lab.ts';
import { type Caller, createLabService, type LabService } from '../../src/lab/lab-service.ts';
import { defaultPolicy, type Policy } from '../../src/lab/policy.ts';
import type { WakeKey } from '../../src/lab/ports.ts';
import { reap } from '../../src/lab/reap.ts';
import { reconcile } from '../../src/lab/reconcile.ts';
import { createStock } from '../../src/lab/stock.ts';
import { sweep } from '../../src/lab/sweep.ts';
import type { TemplateSource, TemplateVersion } from '../../src/templates/types.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { MemoryTables } from '../fakes/memory-tables.ts';
import { versionWith } from '../support/versions.ts';
import { Process, Scheduler } from './scheduler.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const legal: Readonly<Record<LabPhase, readonly LabPhase[]>> = {
  requested: ['provisioning', 'terminating'],
  provisioning: ['ready', 'terminating'],
  ready: ['terminating'],
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
};
const instructor: Caller = { role: 'instructor', subject: 'ines' };

type Deps = Parameters<typeof reconcile>[1];

interface Parts {
  readonly labs: ReturnType<typeof createMemoryStore>;
  readonly driver: ReturnType<typeof createMemoryDriver>;
  readonly stock: ReturnType<typeof createStock>;
  readonly deps: Deps;
  readonly service: LabService;
}

export class World {
  readonly #random: () => number;
  readonly #scheduler: Scheduler;
  readonly #tables = new MemoryTables();
  readonly #backend = new MemoryBackend();
  readonly #rings: WakeKey[] = [];
  readonly #seen = new Map<string, LabPhase>();
  readonly #served = new Map<string, string>();
  readonly broken: string[] = [];
  readonly counts = { ready: 0, served: 0, ended: 0, reset: 0, crashes: 0, reaped: 0, refused: 0 };
  #workers: Process[] = [];
  #version = 1;
  #ids = 0;
  #faults = true;

  constructor(random: () => number) {
    this.#random = random;
    this.#scheduler = new Scheduler(random);
    this.#workers = [this.#start(), this.#start()];
  }

  /** Walks one random history, lets the world heal, and returns every broken promise. */
  async walk(steps: number): Promise<readonly string[]> {
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

  #start(): Process {
    return new Process(`worker-${++this.#ids}`);
  }

  #templates(): TemplateSource {
    const versions = (): TemplateVersion[] => [
      versionWith('plain', `plain-${this.#version}`),
      versionWith('drawn', 'drawn-1', {
        parameters: {
          n: { draw: 'row', component: 'database', query: 'select 1', column: null, redact: false },
        },
      }),
    ];
    return {
      list: async () => versions(),
      load: async (id) => versions().find((version) => version.template.id === id) ?? null,
      problems: async () => [],
    };
  }

  /** Everything that one process holds: its own view of the shared world, which dies with it. */
  #parts(process: Process): Parts {
    const pause = () => this.#scheduler.pause(process);
    const labs = createMemoryStore({ now: this.#scheduler.now, pause, tables: this.#tables });
    const driver = createMemoryDriver({
      backend: this.#backend,
      now: this.#scheduler.now,
      pause,
      fails: () => this.#faults && this.#random() < 0.06,
      onDestroy: (id) => this.#checkDestroy(id),
    });
    const queue = {
      wake: async (key: WakeKey) => {
        await pause();
        if (this.#faults && this.#random() < 0.15) return;
        this.#rings.push(key);
        if (this.#faults && this.#random() < 0.1) this.#rings.push(key);
      },
      onWake: () => {},
      depth: async () => ({ waiting: this.#rings.length, active: 0 }),
      close: async () => {},
    };
    const drivers = new Map([['process' as const, driver]]);
    const ids = {
      lab: () => `lab-${++this.#ids}`,
      sandbox: () => `sb-${++this.#ids}`,
      attempt: () => `att-${++this.#ids}`,
      seed: () => 'seed',
    };
    const common = { labs, templates: this.#templates(), templateStore: labs, queue, drivers, policy, ids };
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
      clock: { sleep: (ms: number, signal: AbortSignal) => this.#scheduler.sleep(process, ms, signal) },
      log: silent,
      draw: () => ({ n: 1 }),
      onStockChanged: ({ templateHash, failed }: { templateHash: string; failed: boolean }) => {
        if (failed) stock.failed(templateHash);
      },
    };
    const service = createLabService({ ...common, defaultBackend: 'process', nearest: () => null });
    return { labs, driver, stock, deps, service };
  }

  #run(process: Process, work: (parts: Parts) => Promise<unknown>): void {
    work(this.#parts(process)).catch((thrown: unknown) => {
      if (thrown instanceof LabError && thrown.code !== 'internal') this.counts.refused++;
      else this.broken.push(`threw: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : thrown}`);
    });
  }

  async #somethingHappens(): Promise<void> {
    const dice = this.#random() * 100;
    const worker = this.#pick(this.#workers.filter((w) => !w.frozen));
    if (dice < 12) this.#userDoes(this.#create());
    else if (dice < 16) this.#userDoes((service, id) => service.deleteLab(instructor, id));
    else if (dice < 21) this.#userDoes((service, id) => service.resetLab(instructor, id, {}));
    else if (dice < 25)
      this.#userDoes((service, id) =>
        service.resetLab(instructor, id, { components: ['api'], keepScore: true }),
      );
    else if (dice < 27) this.#userDoes((service, id) => service.extendLab(instructor, id, 3));
    else if (dice < 31) this.#breakSomething();
    else if (dice < 32) this.#version++;
    else if (dice < 38) this.#crash();
    else if (dice < 40) this.#freezeOrThaw();
    else if (dice < 44)
      await this.#scheduler.advance(this.#random() < 0.1 ? 400_000 : 7_000 * this.#random());
    else if (worker !== undefined) this.#workerDoes(worker, dice);
  }

  #workerDoes(worker: Process, dice: number): void {
    if (dice < 70) {
      const key = this.#rings.splice(Math.floor(this.#random() * this.#rings.length), 1)[0];
      if (key !== undefined) this.#run(worker, ({ deps }) => this.#reconcile(key, deps));
    } else if (dice < 88) {
      this.#run(worker, ({ labs, deps }) =>
        sweep(labs, policy.leaseSeconds, 8, (key) => this.#reconcile(key, deps)),
      );
    } else if (dice < 94) this.#run(worker, ({ stock }) => stock.keep());
    else this.#reap(worker);
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

  #reconcile(key: WakeKey, deps: Deps): Promise<void> {
    return reconcile(key as Parameters<typeof reconcile>[0], deps, new AbortController().signal);
  }

  #create(): (service: LabService) => Promise<unknown> {
    const template = this.#random() < 0.5 ? 'plain' : 'drawn';
    const trainee = this.#random() < 0.5 ? 'ann' : 'bob';
    const key = this.#random() < 0.3 ? `key-${Math.floor(this.#random() * 3)}` : null;
    return (service) => service.createLab({ role: 'trainee', subject: trainee }, { template }, key);
  }

  /** A user's request runs in an API process of its own, which may crash like any other. */
  #userDoes(ask: (service: LabService, labId: string) => Promise<unknown>): void {
    const all = [...this.#tables.labs.values()];
    const ready = all.filter(({ lab }) => lab.phase === 'ready');
    const id = this.#pick(ready.length > 0 && this.#random() < 0.7 ? ready : all)?.lab.id ?? 'lab-none';
    const api = new Process('api');
    if (this.#random() < 0.05)
      process.nextTick(() => {
        api.alive = false;
      });
    this.#run(api, ({ service }) => ask(service, id));
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
    this.#checkAlways();
    return went;
  }

  async #heal(): Promise<void> {
    this.#faults = false;
    for (const worker of this.#workers) worker.frozen = false;
    for (let round = 0; round < 16; round++) {
      const worker = this.#pick(this.#workers) ?? this.#start();
      this.#run(worker, ({ labs, deps }) =>
        sweep(labs, policy.leaseSeconds, 50, (key) => this.#reconcile(key, deps)),
      );
      this.#run(worker, ({ stock }) => stock.keep());
      this.#reap(worker);
      while (await this.#step());
      await this.#scheduler.advance(15_000);
    }
  }

  /** Nothing may be left when the last lab has ended and no spare is wanted. */
  async #endEverything(): Promise<void> {
    this.#version++;
    const api = new Process('api');
    for (const id of this.#tables.labs.keys())
      this.#run(api, ({ service }) => service.deleteLab(instructor, id));
    for (const { sandbox } of this.#tables.sandboxes.values()) {
      if (sandbox.labId === null && (sandbox.state === 'up' || sandbox.state === 'building')) {
        this.#run(api, ({ labs }) => labs.changeSandbox(sandbox.id, sandbox.version, { state: 'dead' }));
      }
    }
    while (await this.#step());
    for (let round = 0; round < 12; round++) {
      const worker = this.#pick(this.#workers) ?? this.#start();
      this.#run(worker, ({ labs, deps }) =>
        sweep(labs, policy.leaseSeconds, 50, (key) => this.#reconcile(key, deps)),
      );
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
  }

  // ------------------------------------------------------------------------------------------------------ promises

  #checkAlways(): void {
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
    if (lab.phase === 'terminated') this.counts.ended++;
    this.#seen.set(lab.id, lab.phase);
  }

  #checkDestroy(sandboxId: string): void {
    const state = this.#tables.sandboxes.get(sandboxId)?.sandbox.state;
    if (state !== 'dead' && state !== 'gone') this.broken.push(`destroyed ${sandboxId}, which is ${state}`);
  }

  #checkHealed(): void {
    const kept = new Set<string>();
    for (const { lab } of this.#tables.labs.values()) {
      if (lab.phase === 'terminated') {
        if (lab.endReason === null) this.broken.push(`${lab.id} ended without a reason`);
        continue;
      }
      if (lab.expiresAt < this.#scheduler.now()) this.broken.push(`${lab.id} lives past its end`);
      const sandbox = this.#tables.sandboxOf(lab);
      if (lab.phase !== 'ready' || sandbox === null) {
        this.broken.push(`lost: ${lab.id} is still ${lab.phase}`);
        continue;
      }
      kept.add(sandbox.id);
      this.#checkServes(lab, sandbox.id);
    }
    for (const { sandbox } of this.#tables.sandboxes.values()) {
      if (sandbox.state === 'up' && sandbox.labId === null) kept.add(sandbox.id);
    }
    for (const id of this.#backend.sandboxes.keys()) if (!kept.has(id)) this.broken.push(`leaked: ${id}`);
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

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#random() * from.length)];
  }
}
