/** Labs, sandboxes and attempts in PostgreSQL: one file an operation, assembled here. */
import type pg from 'pg';
import type { AttemptStore } from '../grading/types.ts';
import type { LabStore } from '../lab/ports.ts';
import { createDatabase } from './database.ts';
import { putAnswer, readAnswers } from './operations/answers.ts';
import { changeSandbox } from './operations/change-sandbox.ts';
import { claimDue } from './operations/claim-due.ts';
import { createLab } from './operations/create-lab.ts';
import { appendEvents, eventsAfter, eventsSince } from './operations/events.ts';
import { finishAttempt } from './operations/finish-attempt.ts';
import { readHintsTaken, takeHint } from './operations/hints.ts';
import { holdDue } from './operations/hold-due.ts';
import { listLabs } from './operations/list-labs.ts';
import { livingSandboxes } from './operations/living-sandboxes.ts';
import { livingTemplates } from './operations/living-templates.ts';
import { moveLab } from './operations/move-lab.ts';
import { readProgress } from './operations/progress.ts';
import { queueFacts } from './operations/queue-facts.ts';
import { readAttempts } from './operations/read-attempts.ts';
import { readClock } from './operations/read-clock.ts';
import { readEvidence } from './operations/read-evidence.ts';
import { getLab, getSandbox } from './operations/read-snapshot.ts';
import { recentDemand } from './operations/recent-demand.ts';
import { requestAttempt } from './operations/request-attempt.ts';
import { restUntilDue } from './operations/rest-until-due.ts';
import { listSpares, startSpare } from './operations/spares.ts';
import { startAttempt } from './operations/start-attempt.ts';
import { voidAttempt } from './operations/void-attempt.ts';

/** Over a migrated database; the caller ends the pool. Every method throws `database_unavailable` when it is down. */
export function createPostgresStore(pool: pg.Pool): LabStore & AttemptStore {
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
    progress: (labId) => readProgress(db, labId),
    answers: (labId) => readAnswers(db, labId),
    putAnswer: (labId, question, value) => putAnswer(db, labId, question, value),
    hintsTaken: (labId) => readHintsTaken(db, labId),
    takeHint: (labId, checkId, available) => takeHint(db, labId, checkId, available),
    evidence: (address) => readEvidence(db, address),
  };
}
