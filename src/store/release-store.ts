/** Releases of templates, and classes, in PostgreSQL. */
import type pg from 'pg';
import type { ClassStore, ReleaseStore } from '../lab/releases/types.ts';
import { createDatabase } from './database.ts';
import { deleteClass, putClass, readClasses } from './operations/classes.ts';
import { choice, find, pinned, release, released, rollBack, stage, versions } from './operations/releases.ts';

/** Every method throws `database_unavailable` when the database is down. */
export function createReleaseStore(pool: pg.Pool): ReleaseStore & ClassStore {
  const db = createDatabase(pool);
  return {
    choice: (templateId, classId) => choice(db, templateId, classId),
    released: () => released(db),
    pinned: () => pinned(db),
    stage: (templateId, hash, act) => stage(db, templateId, hash, act),
    release: (templateId, hash, act) => release(db, templateId, hash, act),
    rollBack: (templateId, from, act) => rollBack(db, templateId, from, act),
    versions: (templateId) => versions(db, templateId),
    find: (templateId, prefix) => find(db, templateId, prefix),

    putClass: (id, facts, by) => putClass(db, id, facts, by),
    getClass: async (id) => (await readClasses(db.query, id))[0] ?? null,
    listClasses: () => readClasses(db.query, null),
    deleteClass: (id) => deleteClass(db, id),
  };
}
