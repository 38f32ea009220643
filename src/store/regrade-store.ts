/** Regrades in PostgreSQL. What decides whether one may be applied is read under the locks that applying it holds. */
import type pg from 'pg';
import type {
  AppliedOutcome,
  DeepLayer,
  Layer,
  Regrade,
  RegradedAttempt,
  RegradeStore,
} from '../grading/regrade/types.ts';
import { createDatabase, type Database, type Query } from './database.ts';
import { readAttempts } from './operations/read-attempts.ts';
import { readEvidence } from './operations/read-evidence.ts';
import { changeRegrade } from './operations/regrades.ts';
import { jsonText, wellFormed } from './well-formed.ts';

export function createRegradeStore(pool: pg.Pool): RegradeStore {
  const db = createDatabase(pool);
  return {
    async begin({ id, templateId, from, to, labId, checkId, finals, askedBy }) {
      // Dry runs that nobody applied are looked at for a while and never again.
      await db.query({
        text: `
          delete from regrades
          where state in ('running', 'ready', 'stopped') and asked_at < clock_ms() - interval '30 days'`,
      });
      await db.query({
        text: `
          insert into regrades (id, template_id, from_hash, to_hash, lab_id, check_id, finals, asked_by)
          values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
        values: [id, templateId, from, to, labId, checkId, finals, wellFormed(askedBy)],
      });
    },
    async labsToRegrade(wish, after, limit) {
      const rows = await db.query<{ id: string }>({
        text: `
          select id from labs where template_id = $1 and ($3::text is null or id = $3) and id > $4
            and exists (select from attempts where lab_id = labs.id and state = 'finished'
              and ($2::text is null or template_hash = $2))
          order by id limit $5`,
        values: [wish.templateId, wish.from, wish.labId, after, limit],
      });
      return rows.map(({ id }) => id);
    },
    async readLab(labId) {
      const [attempts, layers, resets] = await Promise.all([
        readAttempts(db.query, { labId }),
        readDeepLayers(db, labId),
        db.query<{ at: Date }>({
          text: `
            select at from lab_events where lab_id = $1 and type = 'lab.reset'
              and not coalesce((data->>'keepScore')::boolean, false) order by seq`,
          values: [labId],
        }),
      ]);
      return {
        labId,
        forgotten: resets.map(({ at }) => at),
        attempts: attempts
          .filter(({ state }) => state === 'finished')
          .map((attempt) => ({
            attempt,
            layer: layers.find((layer) => layer.attempt === attempt.number) ?? null,
          })),
      };
    },
    async put(id, attempts) {
      await db.query({
        text: `
          insert into regrade_results (regrade_id, attempt_id, lab_id, number, final, over_regrade, changed, points,
            points_before, max_points, penalty, results, own, kept, detail, detail_address)
          select $1, each->>'attemptId', each->>'labId', (each->>'number')::int, (each->>'final')::boolean,
            each->>'over', (each->>'changed')::boolean, (each->>'points')::float8, (each->>'pointsBefore')::float8,
            (each->>'maxPoints')::float8, (each->>'penalty')::float8, each->'results', each->'own', each->'kept',
            sealed.bytes, each->'detail'->>'address'
          from json_array_elements($2::json) with ordinality as result (each, place)
          join unnest($3::bytea[]) with ordinality as sealed (bytes, place) using (place)
          on conflict do nothing`,
        values: [id, jsonText(attempts.map(stored)), attempts.map(({ detail }) => Buffer.from(detail.bytes))],
      });
    },
    async end(id, state) {
      await db.query({
        text: `update regrades set state = $2 where id = $1 and state = 'running'`,
        values: [id, state],
      });
    },
    get: (id) => readRegrade(db.query, id),
    list({ templateId, before, limit }) {
      return db.query<Regrade & object>({
        text: `
          select ${asRegrade} from regrades
          where ($1::text is null or template_id = $1)
            and ($2::timestamptz is null or (asked_at, id) < ($2, $3::text))
          order by asked_at desc, id desc limit $4`,
        values: [templateId ?? null, before?.createdAt ?? null, before?.id ?? null, limit],
      });
    },
    async results(id, { after, limit }) {
      const rows = await db.query<Omit<RegradedAttempt, 'detail'> & { bytes: Buffer; address: string }>({
        text: `
          select attempt_id as "attemptId", lab_id as "labId", number, final, over_regrade as "over", changed, points,
            points_before as "pointsBefore", max_points as "maxPoints", penalty, results, own, kept,
            detail as bytes, detail_address as address
          from regrade_results
          where regrade_id = $1 and (changed or kept::text <> '{}') and (lab_id, number) > ($2::text, $3::int)
          order by lab_id, number limit $4`,
        values: [id, after?.labId ?? '', after?.number ?? 0, limit],
      });
      return rows.map(({ bytes, address, ...row }) => ({
        ...row,
        detail: { address, bytes: new Uint8Array(bytes) },
      }));
    },
    apply: (id, act) => change(db, id, 'apply', act),
    undo: (id, act) => change(db, id, 'undo', act),
    evidence: (address) => readEvidence(db, address),
  };
}

/** What changes nothing is kept only to know that it was looked at. */
function stored({ detail: { address }, ...one }: RegradedAttempt): object {
  return { ...one, ...(one.changed ? {} : { results: [], own: {} }), detail: { address } };
}

/** The layers that count of a lab's attempts. */
export function readLayers(db: Database, labId: string): Promise<readonly Layer[]> {
  return db.query<Layer & object>({
    name: 'layers',
    text: `select ${asLayer} from counted_layers where lab_id = $1 order by number`,
    values: [labId],
  });
}

const asLayer = `regrade_id as regrade, number as attempt, applied_at as at, reason, points, max_points as "maxPoints",
  penalty, results`;

function readDeepLayers(db: Database, labId: string): Promise<readonly DeepLayer[]> {
  return db.query<DeepLayer & object>({
    text: `select ${asLayer}, own, to_hash as version from counted_layers where lab_id = $1`,
    values: [labId],
  });
}

const asRegrade = `id, state, template_id as "templateId", from_hash as "from", to_hash as "to", lab_id as "labId",
  check_id as "checkId", finals, asked_by as "askedBy", asked_at as "askedAt", reason, applied_by as "appliedBy",
  applied_at as "appliedAt", undone_by as "undoneBy", undone_at as "undoneAt", undo_reason as "undoReason",
  (select json_build_object('attempts', count(*), 'changed', count(*) filter (where changed),
      'changedFinals', count(*) filter (where changed and final),
      'kept', count(*) filter (where kept::text <> '{}'))
    from regrade_results where regrade_id = regrades.id) as counts`;

async function readRegrade(query: Query, id: string): Promise<Regrade | null> {
  const [row] = await query<Regrade & object>({
    text: `select ${asRegrade} from regrades where id = $1`,
    values: [id],
  });
  return row ?? null;
}

function change(
  db: Database,
  id: string,
  what: 'apply' | 'undo',
  act: { readonly by: string; readonly reason: string },
): Promise<AppliedOutcome> {
  return db.transaction(async (query) => {
    const refused = await changeRegrade(query, id, what, act);
    if (refused !== null) return refused;
    const regrade = await readRegrade(query, id);
    return regrade === null ? { outcome: 'not_found' } : { outcome: 'done', regrade };
  });
}
