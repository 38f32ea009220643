import type { Caller } from '../../shared/caller.ts';
import { type CrudService, crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import { requireOwn } from '../../shared/references.ts';
import type { NoteRepository, NoteRow } from './repository.ts';
import type { Note } from './schemas.ts';

export function noteService(db: Database, repository: NoteRepository): CrudService<Note> {
  const stock = crudService<NoteRow>(db, 'customer_note', repository, {
    async prepare(sql, { tenantId }, values) {
      await requireOwn(sql, tenantId, 'customers', values.customer_id);
      return values;
    },
    // The trail says that there was a note, not what was in it.
    disclose: ({ customer_id, category }) => ({ customer_id, category }),
  });

  async function named({ tenantId }: Caller, rows: readonly NoteRow[]): Promise<Note[]> {
    const names = await repository.namesOf(
      db,
      tenantId,
      rows.map((row) => row.customer_id),
    );
    return rows.map((row) => ({ ...row, customer_name: names.get(row.customer_id) ?? '' }));
  }
  async function one(caller: Caller, row: NoteRow): Promise<Note> {
    const [note] = await named(caller, [row]);
    if (note === undefined) throw new Error('a note lost its name');
    return note;
  }

  return {
    ...stock,
    async list(caller, query) {
      const page = await stock.list(caller, query);
      return { ...page, items: await named(caller, page.items) };
    },
    get: async (caller, id) => one(caller, await stock.get(caller, id)),
    create: async (caller, values) =>
      one(caller, await stock.create(caller, { ...values, author_id: caller.userId })),
    update: async (caller, id, changes) => one(caller, await stock.update(caller, id, changes)),
  };
}
