/** Labs, sandboxes, attempts, operations, watches and what people say in PostgreSQL: one file an operation, assembled here. */
import type pg from 'pg';
import type { AttemptStore, PeopleStore } from '../grading/types.ts';
import type { LabStore, OperationStore, WatchStore } from '../lab/ports.ts';
import { createDatabase } from './database.ts';
import { putAnswer, readAnswers } from './operations/answers.ts';
import { attemptHistory } from './operations/attempt-history.ts';
import { changeSandbox } from './operations/change-sandbox.ts';
import { claimDue } from './operations/claim-due.ts';
import { createLab } from './operations/create-lab.ts';
import { appendEvents, eventsAfter, eventsSince } from './operations/events.ts';
import { finishAttempt } from './operations/finish-attempt.ts';
import { endFork, startCheckpoint, startFork } from './operations/forks.ts';
import { answerHelp, askHelp, listHelp } from './operations/help.ts';
import { readHintsTaken, takeHint } from './operations/hints.ts';
import { holdDue } from './operations/hold-due.ts';
import { listLabs } from './operations/list-labs.ts';
import { listOperations } from './operations/list-operations.ts';
import { livingSandboxes } from './operations/living-sandboxes.ts';
import { livingTemplates } from './operations/living-templates.ts';
import { putMark, putOverride, readMarks, readOverrides } from './operations/marks.ts';
import { moveLab } from './operations/move-lab.ts';
import { plantOperation, triggerOperation } from './operations/plant-operation.ts';
import { readProgress } from './operations/progress.ts';
import { queueFacts } from './operations/queue-facts.ts';
import { readAttempts } from './operations/read-attempts.ts';
import { readClock } from './operations/read-clock.ts';
import { readEvidence } from './operations/read-evidence.ts';
import { getLab, getSandbox } from './operations/read-snapshot.ts';
import { recentDemand } from './operations/recent-demand.ts';
import { requestAttempt } from './operations/request-attempt.ts';
import { restUntilDue } from './operations/rest-until-due.ts';
import { beginStep, finishOperation, startOperation } from './operations/run-operation.ts';
import { deleteSnapshot, plantSnapshot } from './operations/snapshots.ts';
import { listSpares, startSpare } from './operations/spares.ts';
import { startAttempt } from './operations/start-attempt.ts';
import { touchLab } from './operations/touch-lab.ts';
import { voidAttempt } from './operations/void-attempt.ts';
import { keepSamples, startWatching, watchRuns } from './operations/watching.ts';
import { readLayers } from './regrade-store.ts';

type Store = LabStore & AttemptStore & OperationStore & WatchStore & PeopleStore;

/** Over a migrated database; the caller ends the pool. Every method throws `database_unavailable` when it is down. */
export function createPostgresStore(pool: pg.Pool): Store {
  const db = createDatabase(pool);
  return {
    createLab: (lab) => createLab(db, lab),
    getLab: (id) => getLab(db, id),
    getSandbox: (id) => getSandbox(db, id),
    listLabs: (query) => listLabs(db, query),
    transition: (id, version, change, events) => moveLab(db, id, version, change, events, null),
    claimSpare: (id, version, change, events) => moveLab(db, id, version, change, events, { spare: true }),
    startSandboxForLab: (id, version, sandbox, change, events) =>
      moveLab(db, id, version, change, events, { sandbox }),
    changeSandbox: (id, version, change, events = []) => changeSandbox(db, id, version, change, events),
    startSpare: (sandbox, wanted) => startSpare(db, sandbox, wanted),
    recentDemand: (seconds) => recentDemand(db, seconds),
    listSpares: () => listSpares(db),
    claimDue: (limit, leaseSeconds) => claimDue(db, limit, leaseSeconds),
    holdDue: (key, leaseSeconds) => holdDue(db, key, leaseSeconds),
    restUntilDue: (key, version, seconds) => restUntilDue(db, key, version, seconds),
    livingTemplates: () => livingTemplates(db),
    livingSandboxes: (ids) => livingSandboxes(db, ids),
    touch: (labId) => touchLab(db, labId),
    appendEvents: (labId, events) => appendEvents(db.once, labId, events),
    eventsAfter: (labId, seq, limit) => eventsAfter(db, labId, seq, limit),
    eventsSince: (after, limitEach) => eventsSince(db, after, limitEach),
    queueFacts: (lab) => queueFacts(db, lab),
    now: () => readClock(db),

    requestAttempt: (labId, request) => requestAttempt(db, labId, request),
    startAttempt: (id, leaseSeconds) => startAttempt(db, id, leaseSeconds),
    finishAttempt: (id, fence, outcome) => finishAttempt(db, id, fence, outcome),
    voidAttempt: (id, reason) => voidAttempt(db, id, reason),
    getAttempt: async (labId, number) => (await readAttempts(db.query, { labId, number }))[0] ?? null,
    listAttempts: (labId) => readAttempts(db.query, { labId }),
    attemptHistory: (labId) => attemptHistory(db.query, labId),
    progress: (labId) => readProgress(db, labId),
    answers: (labId) => readAnswers(db, labId),
    putAnswer: (labId, question, value) => putAnswer(db, labId, question, value),
    hintsTaken: (labId) => readHintsTaken(db, labId),
    takeHint: (labId, checkId, available) => takeHint(db, labId, checkId, available),
    evidence: (address) => readEvidence(db, address),

    startFork: (attemptId, fence, sandbox) => startFork(db, attemptId, fence, sandbox),
    startCheckpoint: (operationId, fence, sandbox) => startCheckpoint(db, operationId, fence, sandbox),
    endFork: (sandboxId) => endFork(db, sandboxId),

    listOperations: (labId) => listOperations(db, labId),
    plantOperation: (labId, operation) => plantOperation(db, labId, operation),
    plantSnapshot: (labId, snapshot, most) => plantSnapshot(db, labId, snapshot, most),
    deleteSnapshot: (labId, name, events) => deleteSnapshot(db, labId, name, events),
    triggerOperation: (id) => triggerOperation(db, id),
    startOperation: (id, leaseSeconds, events) => startOperation(db, id, leaseSeconds, events),
    beginStep: (id, fence, step, saved) => beginStep(db, id, fence, step, saved),
    finishOperation: (id, fence, end) => finishOperation(db, id, fence, end),

    startWatching: (labId, leaseSeconds) => startWatching(db, labId, leaseSeconds),
    keepSamples: (labId, fence, runs) => keepSamples(db, labId, fence, runs),
    watchRuns: (labId, watchId, since) => watchRuns(db, labId, watchId, since),

    putMark: (labId, mark) => putMark(db, labId, mark),
    marks: (labId) => readMarks(db, labId),
    putOverride: (labId, override) => putOverride(db, labId, override),
    overrides: (labId) => readOverrides(db, labId),
    layers: (labId) => readLayers(db, labId),
    askHelp: (labId, help) => askHelp(db, labId, help),
    answerHelp: (labId, id, answer) => answerHelp(db, labId, id, answer),
    listHelp: (query) => listHelp(db, query),
  };
}
