import type {
  Act,
  Choice,
  ReleaseOutcome,
  RollbackOutcome,
  VersionRecord,
} from '../../lab/releases/types.ts';
import type { Database } from '../database.ts';
import { wellFormed } from '../well-formed.ts';

interface Row {
  readonly outcome: ReleaseOutcome['outcome'] | RollbackOutcome['outcome'];
  readonly hash: string;
  readonly before: string;
}

/** Read for every new lab, hence one query. */
export async function choice(db: Database, templateId: string, classId: string | null): Promise<Choice> {
  const [row] = await db.query<Choice & object>({
    name: 'release_choice',
    text: `
      select (
          select hash from releases where template_id = $1 and withdrawn_at is null order by id desc limit 1
        ) as released,
        (select hash from class_pins where class_id = $2 and template_id = $1) as pinned,
        exists (select from classes where id = $2) as "classKnown"`,
    values: [templateId, classId],
  });
  if (row === undefined) throw new Error('the choice gave no row');
  return row;
}

export function released(
  db: Database,
): Promise<readonly { readonly templateId: string; readonly hash: string }[]> {
  return db.query({
    name: 'released',
    text: `
      select distinct on (template_id) template_id as "templateId", hash from releases
      where withdrawn_at is null order by template_id, id desc`,
  });
}

export async function pinned(db: Database): Promise<readonly string[]> {
  const rows = await db.query<{ hash: string }>({
    name: 'pinned',
    text: 'select distinct hash from class_pins order by hash',
  });
  return rows.map(({ hash }) => hash);
}

export async function stage(db: Database, templateId: string, hash: string, act: Act): Promise<void> {
  await db.query({
    text: `
      insert into staged_versions (template_id, hash, staged_by, note) values ($1, $2, $3, $4)
      on conflict (template_id, hash) do update
      set staged_at = clock_ms(), staged_by = excluded.staged_by, note = excluded.note`,
    values: [templateId, hash, ...actValues(act)],
  });
}

/** May be sent again: what is released already stays so. */
export async function release(
  db: Database,
  templateId: string,
  hash: string | null,
  act: Act,
): Promise<ReleaseOutcome> {
  const [row] = await db.query<Row & object>({
    text: 'select outcome, hash, before from release_version($1, $2, $3, $4)',
    values: [templateId, hash, ...actValues(act)],
  });
  return row as ReleaseOutcome;
}

/** Sent once: a rollback that is done twice goes back twice. */
export async function rollBack(
  db: Database,
  templateId: string,
  from: string | null,
  act: Act,
): Promise<RollbackOutcome> {
  const [row] = await db.once<Row & object>({
    text: 'select outcome, hash, before from roll_back_release($1, $2, $3, $4)',
    values: [templateId, from, ...actValues(act)],
  });
  return row as RollbackOutcome;
}

export function versions(db: Database, templateId: string): Promise<readonly VersionRecord[]> {
  return db.query<VersionRecord & object>({
    text: `
      with living as (
        select template_hash as hash, count(*)::int as labs from labs
        where template_id = $1 and phase = any('{requested,provisioning,ready,terminating}')
        group by template_hash
      ), standing as (
        select id from releases where template_id = $1 and withdrawn_at is null order by id desc limit 1
      ), known as (
        select hash from staged_versions where template_id = $1 union select hash from living
      ), judged as (
        select known.hash, s.staged_at, s.staged_by, s.note as staged_note, r.*,
          case
            when s.hash is null then 'draft'
            when r.standing then 'released'
            when r.changed_at is null or s.staged_at > r.changed_at then 'staged'
            when r.withdrawn then 'withdrawn'
            else 'replaced'
          end as stage
        from known
        left join staged_versions s on s.template_id = $1 and s.hash = known.hash
        left join lateral (
          select releases.id = (select id from standing) as standing, withdrawn_at is not null as withdrawn,
            coalesce(withdrawn_at, released_at) as changed_at, coalesce(withdrawn_by, released_by) as changed_by,
            case when withdrawn_at is null then note else withdrawn_note end as change_note
          from releases where template_id = $1 and hash = known.hash
          order by releases.id = (select id from standing) desc, releases.id desc
          limit 1
        ) r on true
      )
      select hash, stage,
        case when stage = 'staged' then staged_at when stage <> 'draft' then changed_at end as since,
        case when stage = 'staged' then staged_by when stage <> 'draft' then changed_by end as by,
        case when stage = 'staged' then staged_note when stage <> 'draft' then change_note end as note,
        coalesce((select labs from living where living.hash = judged.hash), 0) as labs,
        array(
          select class_id from class_pins
          where template_id = $1 and class_pins.hash = judged.hash order by class_id
        ) as classes
      from judged
      order by since desc nulls last, hash`,
    values: [templateId],
  });
}

export async function find(db: Database, templateId: string, prefix: string): Promise<readonly string[]> {
  const rows = await db.query<{ hash: string }>({
    text: `
      select hash from template_versions
      where template_id = $1 and starts_with(hash, $2) order by hash limit 10`,
    values: [templateId, prefix],
  });
  return rows.map(({ hash }) => hash);
}

function actValues({ by, note }: Act): [by: string, note: string | null] {
  return [wellFormed(by), note === null ? null : wellFormed(note)];
}
