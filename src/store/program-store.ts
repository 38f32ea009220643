/** What programs are computed from: facts that people stored, and graded attempts. */
import type pg from 'pg';
import type { ProgramStore } from '../programs/store.ts';
import { createDatabase } from './database.ts';
import { programAttempts } from './operations/program-attempts.ts';
import { addFacts, listFacts, readFacts } from './operations/program-facts.ts';
import { openLabs, programTrainees } from './operations/program-trainees.ts';
import { readClock } from './operations/read-clock.ts';

/** Over a migrated database; the caller ends the pool. Every method throws `database_unavailable` when it is down. */
export function createProgramStore(pool: pg.Pool): ProgramStore {
  const db = createDatabase(pool);
  return {
    addFacts: (programId, facts) => addFacts(db, programId, facts),
    facts: (programId, trainees) => readFacts(db, programId, trainees),
    listFacts: (programId, query) => listFacts(db, programId, query),
    trainees: (programId, templates, after, limit) => programTrainees(db, programId, templates, after, limit),
    attempts: (trainees, templates, handedIn) => programAttempts(db, trainees, templates, handedIn),
    openLabs: (trainees, templates) => openLabs(db, trainees, templates),
    now: () => readClock(db),
  };
}
