import type { Caller } from '../../shared/caller.ts';
import type { Database } from '../../shared/database.ts';
import { notFound } from '../../shared/errors.ts';
import { requireOwn } from '../../shared/references.ts';
import type { NoteRepository } from './repository.ts';
import type { Note, NoteCreate, NoteQuery, NoteUpdate } from './schemas.ts';

export function noteService(db: Database, repository: NoteRepository) {
  const missing = (id: string) => notFound('customer note', id);

  async function get({ tenantId }: Caller, id: string): Promise<Note> {
    const note = await repository.find(db, tenantId, id);
    if (note === undefined) throw missing(id);
    return note;
  }
  return {
    list: async ({ tenantId }: Caller, query: NoteQuery) => ({
      items: await repository.list(db, tenantId, query),
    }),
    get,
    async create(caller: Caller, note: NoteCreate) {
      await requireOwn(db, caller.tenantId, 'customers', note.customer_id);
      return get(caller, await repository.insert(db, caller, note));
    },
    async update(caller: Caller, id: string, changes: NoteUpdate) {
      if (!(await repository.update(db, caller.tenantId, id, changes))) throw missing(id);
      return get(caller, id);
    },
    async remove(caller: Caller, id: string) {
      if (!(await repository.remove(db, caller.tenantId, id))) throw missing(id);
    },
  };
}
