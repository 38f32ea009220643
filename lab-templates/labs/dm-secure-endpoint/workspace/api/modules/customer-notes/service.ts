import type { Caller } from '../../shared/caller.ts';
import type { Database } from '../../shared/database.ts';
import { notFound } from '../../shared/errors.ts';
import type { NoteRepository } from './repository.ts';
import type { Note, NoteQuery } from './schemas.ts';

export function noteService(db: Database, repository: NoteRepository) {
  async function get(id: string): Promise<Note> {
    const note = await repository.find(db, id);
    if (note === undefined) throw notFound('customer note', id);
    return note;
  }
  return {
    list: async (caller: Caller, query: NoteQuery) => ({ items: await repository.list(db, caller, query) }),
    get,
    create: async (caller: Caller, body: Record<string, unknown>) =>
      get(await repository.insert(db, caller, body)),
    async update(id: string, changes: Record<string, unknown>) {
      await get(id);
      await repository.update(db, id, changes);
      return get(id);
    },
    async remove(id: string) {
      await get(id);
      await repository.remove(db, id);
    },
  };
}
