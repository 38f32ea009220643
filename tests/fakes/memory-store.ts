/**
 * The store without a database, for simulations: strict, deterministic, and held to the contract tests that
 * PostgreSQL's store passes. Every method gives way before and after its one atomic change, so that a simulation can
 * interleave or crash on both sides of a commit.
 */
import type { AttemptStore, PeopleStore } from '../../src/grading/types.ts';
import type { LabStore, OperationStore, TemplateStore, WatchStore } from '../../src/lab/ports.ts';
import type { ClassStore, ReleaseStore } from '../../src/lab/releases/types.ts';
import { MemoryAttempts } from './memory-attempts.ts';
import { MemoryForks } from './memory-forks.ts';
import { MemoryLabs } from './memory-labs.ts';
import { MemoryOperations } from './memory-operations.ts';
import { MemoryPeople } from './memory-people.ts';
import { MemoryReleases } from './memory-releases.ts';
import { MemoryTables } from './memory-tables.ts';
import { MemoryWatches } from './memory-watches.ts';

export interface MemoryStoreOptions {
  /** The database's clock. */
  readonly now: () => Date;
  /** Awaited before and after each change; a simulation's scheduler goes here. At once, when not given. */
  readonly pause?: () => Promise<void>;
  /** Rows that outlive a simulated crash: pass the tables of an earlier store to go on with them. */
  readonly tables?: MemoryTables;
}

export type MemoryStore = LabStore &
  AttemptStore &
  OperationStore &
  WatchStore &
  PeopleStore &
  ReleaseStore &
  ClassStore &
  TemplateStore & { readonly tables: MemoryTables };

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const { now, pause = () => Promise.resolve(), tables = new MemoryTables() } = options;
  const forks = new MemoryForks(tables, now);
  const operations = new MemoryOperations(tables, now, forks);
  const watches = new MemoryWatches(tables, now);
  const people = new MemoryPeople(tables, now);
  const releases = new MemoryReleases(tables, now);
  const labs = new MemoryLabs(tables, now, { operations, watches });
  const attempts = new MemoryAttempts(tables, now, { forks, operations });

  async function step<T>(change: () => T): Promise<T> {
    await pause();
    const result = change();
    await pause();
    return result;
  }

  return {
    tables,
    createLab: (lab) => step(() => labs.create(lab)),
    getLab: (id) => step(() => labs.get(id)),
    getSandbox: (id) => step(() => labs.bySandbox(id)),
    listLabs: (query) => step(() => labs.list(query)),
    transition: (id, version, change, events) => step(() => labs.move(id, version, change, events)),
    changeSandbox: (id, version, change, events = []) =>
      step(() => labs.changeSandbox(id, version, change, events)),
    claimSpare: (labId, version, change, events) =>
      step(() => labs.move(labId, version, change, events, (lab) => labs.spareFor(lab))),
    startSandboxForLab: (labId, version, sandbox, change, events) =>
      step(() => labs.move(labId, version, change, events, () => labs.fresh(sandbox, labId))),
    startSpare: (sandbox, wanted) => step(() => labs.startSpare(sandbox, wanted)),
    recentDemand: (seconds) => step(() => labs.recentDemand(seconds)),
    listSpares: () => step(() => labs.spares()),
    claimDue: (limit, leaseSeconds) => step(() => labs.claimDue(limit, leaseSeconds)),
    holdDue: (key, leaseSeconds) => step(() => labs.hold(key, leaseSeconds)),
    restUntilDue: (key, version, seconds) => step(() => labs.rest(key, version, seconds)),
    livingTemplates: () => step(() => labs.livingTemplates()),
    livingSandboxes: (ids) => step(() => labs.living(ids)),
    touch: (labId) => step(() => labs.touch(labId)),
    appendEvents: (labId, events) => step(() => labs.append(labId, events)),
    eventsAfter: (labId, seq, limit) => step(() => (tables.events.get(labId) ?? []).slice(seq, seq + limit)),
    eventsSince: (seen, limitEach) =>
      step(() =>
        [...seen]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flatMap(([labId, seq]) => (tables.events.get(labId) ?? []).slice(seq, seq + limitEach)),
      ),
    queueFacts: (lab) => step(() => labs.queueFacts(lab)),
    now: () => step(now),

    requestAttempt: (labId, request) => step(() => attempts.request(labId, request)),
    startAttempt: (id, leaseSeconds) => step(() => attempts.start(id, leaseSeconds)),
    finishAttempt: (id, fence, outcome) => step(() => attempts.finish(id, fence, outcome)),
    voidAttempt: (id, reason) => step(() => attempts.void(id, reason)),
    getAttempt: (labId, number) => step(() => attempts.get(labId, number)),
    listAttempts: (labId) => step(() => attempts.list(labId)),
    attemptHistory: (labId) => step(() => attempts.history(labId)),
    progress: (labId) => step(() => [...(tables.progress.get(labId)?.values() ?? [])]),
    answers: (labId) => step(() => Object.fromEntries(tables.answers.get(labId) ?? [])),
    putAnswer: (labId, question, value) => step(() => attempts.putAnswer(labId, question, value)),
    hintsTaken: (labId) => step(() => Object.fromEntries(tables.hints.get(labId) ?? [])),
    takeHint: (labId, checkId, available) => step(() => attempts.takeHint(labId, checkId, available)),
    evidence: (address) => step(() => tables.evidence.get(address)?.slice() ?? null),

    startFork: (id, fence, sandbox) => step(() => forks.start(id, fence, sandbox)),
    startCheckpoint: (id, fence, sandbox) => step(() => forks.startCheckpoint(id, fence, sandbox)),
    endFork: (sandboxId) => step(() => forks.end(sandboxId)),

    listOperations: (labId) => step(() => operations.list(labId)),
    plantOperation: (labId, operation) => step(() => operations.plantOne(labId, operation)),
    plantSnapshot: (labId, snapshot, most) => step(() => operations.plantSnapshot(labId, snapshot, most)),
    deleteSnapshot: (labId, name, events) => step(() => operations.deleteSnapshot(labId, name, events)),
    triggerOperation: (id) => step(() => operations.triggerOne(id)),
    startOperation: (id, lease, events) => step(() => operations.start(id, lease, events)),
    beginStep: (id, fence, number, saved) => step(() => operations.beginStep(id, fence, number, saved)),
    finishOperation: (id, fence, end) => step(() => operations.finish(id, fence, end)),

    startWatching: (labId, leaseSeconds) => step(() => watches.start(labId, leaseSeconds)),
    keepSamples: (labId, fence, runs) => step(() => watches.keep(labId, fence, runs)),
    watchRuns: (labId, watchId, since) => step(() => watches.runs(labId, watchId, since)),

    putMark: (labId, mark) => step(() => people.putMark(labId, mark)),
    marks: (labId) => step(() => people.marks(labId)),
    putOverride: (labId, override) => step(() => people.putOverride(labId, override)),
    overrides: (labId) => step(() => people.overrides(labId)),
    // Regrades are PostgreSQL's alone.
    layers: () => step(() => []),
    askHelp: (labId, help) => step(() => people.askHelp(labId, help)),
    answerHelp: (labId, id, answer) => step(() => people.answerHelp(labId, id, answer)),
    listHelp: (query) => step(() => people.listHelp(query)),

    choice: (templateId, classId) => step(() => releases.choice(templateId, classId)),
    released: () => step(() => releases.released()),
    pinned: () => step(() => releases.pinned()),
    stage: (templateId, hash, act) => step(() => releases.stage(templateId, hash, act)),
    release: (templateId, hash, act) => step(() => releases.release(templateId, hash, act)),
    rollBack: (templateId, from, act) => step(() => releases.rollBack(templateId, from, act)),
    versions: (templateId) => step(() => releases.versions(templateId)),
    find: (templateId, prefix) => step(() => releases.find(templateId, prefix)),
    putClass: (id, facts, by) => step(() => releases.putClass(id, facts, by)),
    getClass: (id) => step(() => releases.getClass(id)),
    listClasses: () => step(() => releases.listClasses()),
    deleteClass: (id) => step(() => releases.deleteClass(id)),

    save: (version) =>
      step(() => {
        if (!tables.templates.has(version.hash)) tables.templates.set(version.hash, version);
      }),
    load: (hash) => step(() => tables.templates.get(hash) ?? null),
  };
}
