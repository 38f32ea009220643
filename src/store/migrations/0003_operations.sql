-- Up Migration
-- Sandboxes beside labs (`owner`), work on a live lab that must not be done twice, samples of watches, and what people
-- say about a lab. Locks: the lab first, as everywhere; then its operations; then the sandboxes that they own.

alter table sandboxes add column owner text collate "C", add column origin json;
create index sandboxes_owned on sandboxes (owner) where owner is not null and state in ('building', 'up');
drop index sandboxes_spare;
create index sandboxes_spare on sandboxes (template_hash, backend, created_at, id)
  where lab_id is null and owner is null and state in ('building', 'up');
-- What has an owner lives as long as that: it is looked at when it is dead, never before.
drop index sandboxes_due;
create index sandboxes_due on sandboxes (due_at)
  where due_at is not null and (lab_id is null and owner is null or state = 'dead');

-- One sequence for all: an operation that is given up and planted again never has a fence that it had before.
create sequence operation_fences;

create table operations (
  id text collate "C" primary key,
  lab_id text collate "C" not null references labs on delete cascade,
  kind text collate "C" not null check (kind in ('fault', 'checkpoint', 'skip')),
  name text collate "C" not null,
  place bigint not null generated always as identity,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
  fence bigint not null default 0,
  begun int not null default 0,
  saved json not null default '{}',
  -- What it was planted with: its time is counted anew when progress is forgotten.
  due_in_seconds double precision,
  sandbox_id text collate "C",
  detail text,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  due_at timestamptz(3),
  unique (lab_id, kind, name)
) with (fillfactor = 80);
create index operations_due on operations (due_at) where due_at is not null;

create table watches (
  lab_id text collate "C" primary key references labs on delete cascade,
  fence int not null default 0,
  -- Null: the lab has ended.
  due_at timestamptz(3)
) with (fillfactor = 80);
create index watches_due on watches (due_at) where due_at is not null;

create table watch_samples (
  lab_id text collate "C" not null references watches on delete cascade,
  watch_id text collate "C" not null,
  from_at timestamptz(3) not null,
  to_at timestamptz(3) not null,
  count int not null,
  good boolean not null,
  value json not null,
  detail text,
  primary key (lab_id, watch_id, from_at)
) with (fillfactor = 80);

create table marks (
  id bigint primary key generated always as identity,
  lab_id text collate "C" not null references labs on delete cascade,
  check_id text collate "C" not null,
  marks json not null,
  comment text,
  marked_by text not null,
  at timestamptz(3) not null
);
create index marks_of_lab on marks (lab_id, check_id, id desc);

create table overrides (
  id bigint primary key generated always as identity,
  lab_id text collate "C" not null references labs on delete cascade,
  attempt int not null,
  check_id text collate "C" not null,
  verdict text not null check (verdict in ('pass', 'fail')),
  points double precision not null,
  reason text not null,
  overridden_by text not null,
  at timestamptz(3) not null
);
create index overrides_of_lab on overrides (lab_id, attempt, check_id, id desc);

create table help_requests (
  id text collate "C" primary key,
  lab_id text collate "C" not null references labs on delete cascade,
  task text,
  message text not null,
  asked_at timestamptz(3) not null,
  answer text,
  answered_by text,
  answered_at timestamptz(3)
);
create unique index help_open on help_requests (lab_id) where answered_at is null;
create index help_waiting on help_requests (asked_at) where answered_at is null;
create index help_answered on help_requests (answered_at desc) where answered_at is not null;

-- One component row per name, as it is before anything was made. What has an owner is not due.
drop function insert_sandbox(json, text);
create function insert_sandbox(new json, p_lab text, p_owner text) returns sandboxes language sql as $$
  insert into sandboxes (id, lab_id, owner, origin, template_id, template_hash, backend, components, created_at, due_at)
  select new->>'id', p_lab, p_owner, case when json_typeof(new->'origin') = 'object' then new->'origin' end,
    new->>'templateId', new->>'templateHash', new->>'backend',
    (select coalesce(json_object_agg(name, json_build_object('generation', 1, 'observed', 'unknown',
                                                             'servedGeneration', 0, 'detail', null)), '{}')
     from json_array_elements_text(new->'components') name),
    at, case when p_owner is null then at end
  from clock_ms() at
  returning *
$$;

-- A spare, when fewer than `wanted` live. The lock makes the count and the insert one.
create or replace function start_spare(new json, wanted int) returns setof json language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7004, hashtext((new->>'templateHash') || chr(10) || (new->>'backend')));
  if (select count(*) from sandboxes
      where lab_id is null and owner is null and state in ('building', 'up')
        and template_hash = new->>'templateHash' and backend = new->>'backend') < wanted then
    return query select row_to_json(made) from insert_sandbox(new, null, null) made;
  end if;
end $$;

-- What an owner has may be destroyed from now on, but for `p_keep`. A statement of its own wherever it is called: it
-- must see what was recorded until the owner's row was locked.
create function condemn_owned(p_owner text, p_keep text) returns void language sql as $$
  update sandboxes set state = 'dead', version = version + 1, due_at = clock_ms()
  where owner = p_owner and state in ('building', 'up') and id is distinct from p_keep
$$;

-- '0' is the character after '/'.
create function condemn_checkpoints(p_lab text) returns void language sql as $$
  update sandboxes set state = 'dead', version = version + 1, due_at = clock_ms()
  where owner >= 'checkpoint:' || p_lab || '/' and owner < 'checkpoint:' || p_lab || '0'
    and state in ('building', 'up')
$$;

-- Null when the attempt has another fence or is over. Twice with one id is once.
create function start_fork(p_attempt text, p_fence int, new json) returns setof json language plpgsql as $$
begin
  perform from attempts where id = p_attempt and fence = p_fence and state = 'running' for share;
  if found then return query select start_owned('attempt:' || p_attempt, new); end if;
end $$;

create function start_checkpoint(p_operation text, p_fence bigint, new json)
returns setof json language plpgsql as $$
declare
  op operations;
begin
  select * into op from operations
  where id = p_operation and fence = p_fence and state = 'running' and kind = 'checkpoint' for share;
  if found then return query select start_owned('checkpoint:' || op.lab_id || '/' || op.name, new); end if;
end $$;

create function start_owned(p_owner text, new json) returns json language plpgsql as $$
declare
  made sandboxes;
begin
  select * into made from sandboxes where id = new->>'id' and owner = p_owner;
  if not found then select * into made from insert_sandbox(new, null, p_owner); end if;
  return row_to_json(made);
end $$;

-- How many began to wait; those that are there stay as they are. The lab is locked.
create function plant_operations(p_lab text, p_new json) returns bigint language sql as $$
  with planted as (
    insert into operations (id, lab_id, kind, name, due_in_seconds, due_at)
    select p_lab || '/' || (new->>'kind') || '/' || (new->>'name'), p_lab, new->>'kind', new->>'name',
      (new->>'dueInSeconds')::float8, clock_ms() + (new->>'dueInSeconds')::float8 * interval '1 second'
    from json_array_elements(p_new) with ordinality as each (new, place)
    order by place
    on conflict do nothing
    returning id
  )
  select count(*) from planted
$$;

-- planted | known | lab_not_found | lab_ended
create function plant_operation(p_lab text, p_new json) returns text language plpgsql as $$
declare
  row labs;
begin
  select * into row from labs where id = p_lab for update;
  if row.id is null then return 'lab_not_found'; end if;
  if row.phase in ('terminating', 'terminated') then return 'lab_ended'; end if;
  return case when plant_operations(p_lab, json_build_array(p_new)) > 0 then 'planted' else 'known' end;
end $$;

-- The lab is locked.
create function trigger_operations(p_lab text, p_ids text[]) returns bigint language sql as $$
  with triggered as (
    update operations set due_at = clock_ms()
    where lab_id = p_lab and id = any(p_ids) and state = 'waiting'
    returning id
  )
  select count(*) from triggered
$$;

create function trigger_operation(p_id text) returns boolean language plpgsql as $$
declare
  row labs;
begin
  select l.* into row from labs l join operations o on o.lab_id = l.id where o.id = p_id for update of l;
  return row.phase in ('requested', 'provisioning', 'ready') and trigger_operations(row.id, array[p_id]) > 0;
end $$;

-- The lab, locked, of an operation.
create function lock_lab_of(p_operation text) returns labs language sql as $$
  select l.* from labs l join operations o on o.lab_id = l.id where o.id = p_operation for update of l
$$;

create function tell_lab(p_lab text, p_types text[], p_data text[]) returns void language plpgsql as $$
declare
  last int;
begin
  if cardinality(p_types) = 0 then return; end if;
  update labs set last_seq = last_seq + cardinality(p_types) where id = p_lab returning last_seq into last;
  perform insert_events(p_lab, last - cardinality(p_types), p_types, p_data);
end $$;

-- What an earlier fence had begun to keep is given up with that fence.
create function start_operation(p_id text, p_lease float8, p_types text[], p_data text[])
returns setof json language plpgsql as $$
declare
  row labs;
  op operations;
  before text;
begin
  row := lock_lab_of(p_id);
  if row.phase is distinct from 'ready' then return; end if;
  select * into op from operations where id = p_id for update;
  before := op.state;
  if op.id is null or before not in ('waiting', 'running') then return; end if;
  update operations set state = 'running', fence = nextval('operation_fences'),
    started_at = coalesce(started_at, clock_ms()), due_at = clock_ms() + p_lease * interval '1 second'
  where id = p_id
  returning * into op;
  if op.kind = 'checkpoint' then perform condemn_owned('checkpoint:' || op.lab_id || '/' || op.name, null); end if;
  if before = 'waiting' then perform tell_lab(op.lab_id, p_types, p_data); end if;
  return next row_to_json(op);
end $$;

create function finish_operation(p_id text, p_fence bigint, p_end json, p_types text[], p_data text[])
returns boolean language plpgsql as $$
declare
  op operations;
  kept text := case when p_end->>'state' = 'done' then p_end->>'sandboxId' end;
begin
  perform lock_lab_of(p_id);
  select * into op from operations where id = p_id for update;
  if op.fence is distinct from p_fence then return false; end if;
  -- Recorded by this fence already: the answer to its first try was lost on the way.
  if op.state <> 'running' then return op.state = p_end->>'state'; end if;
  update operations set state = p_end->>'state', detail = p_end->>'detail', sandbox_id = kept,
    finished_at = clock_ms(), due_at = null
  where id = p_id;
  if op.kind = 'checkpoint' then perform condemn_owned('checkpoint:' || op.lab_id || '/' || op.name, kept); end if;
  perform tell_lab(op.lab_id, p_types, p_data);
  if p_end->'trigger' is not null then
    perform trigger_operations(op.lab_id, array(select json_array_elements_text(p_end->'trigger')));
  end if;
  return true;
end $$;

-- The work is at its start again: nothing has passed, nothing was done for anybody, nothing is kept, and what waits
-- for a time waits for it anew. Workers in the midst of an operation are fenced off. The lab is locked.
-- Faults that fired since then (null: all of them) wait again, with their times counted from now.
create function rearm_faults(p_lab text, p_since timestamptz) returns void language sql as $$
  update operations set state = 'waiting', fence = nextval('operation_fences'), begun = 0, saved = '{}',
    sandbox_id = null, detail = null, started_at = null, finished_at = null,
    due_at = clock_ms() + due_in_seconds * interval '1 second'
  where lab_id = p_lab and kind = 'fault' and (p_since is null or started_at >= p_since)
$$;

create function forget_progress(p_lab text) returns void language plpgsql as $$
begin
  delete from check_progress where lab_id = p_lab;
  delete from marks where lab_id = p_lab;
  delete from operations where lab_id = p_lab and kind <> 'fault';
  perform rearm_faults(p_lab, null);
  perform condemn_checkpoints(p_lab);
end $$;

-- With the end of a lab nothing of it is due any more, whatever runs is fenced off and what it had kept is given up.
create function end_operations(p_lab text) returns void language plpgsql as $$
begin
  update operations set fence = nextval('operation_fences'), due_at = null,
    detail = case when state = 'running' then 'The lab ended.' end,
    finished_at = case when state = 'running' then clock_ms() end,
    state = case when state = 'running' then 'failed' else state end
  where lab_id = p_lab and state in ('waiting', 'running');
  perform condemn_checkpoints(p_lab);
  update watches set fence = fence + 1, due_at = null where lab_id = p_lab;
end $$;

-- The one way a lab moves. No row: someone else was faster (or there is no spare), and nothing was changed.
-- p_successor: null, or {"spare": true} for the oldest fitting spare, or {"sandbox": …} for a new one.
create or replace function move_lab(
  p_id text, p_version int, c json, p_types text[], p_data text[], p_successor json
)
returns table (lab json, sandbox json, now timestamptz)
language plpgsql as $$
declare
  row labs;
  before text;
  own sandboxes;
  next sandboxes;
begin
  select * into row from labs where id = p_id for update;
  if row.version is distinct from p_version then return; end if;
  before := row.phase;
  if c->'sandbox' is not null or p_successor is not null then
    select * into own from sandboxes where id = row.sandbox_id for update;
    if c->'sandbox' is not null and own.version is distinct from (c->'sandbox'->>'version')::int then return; end if;
  end if;

  if p_successor->'spare' is not null then
    update sandboxes s set lab_id = p_id, version = s.version + 1
    where s.id = (
      select spare.id from sandboxes spare
      where spare.lab_id is null and spare.owner is null and spare.state = 'up' and spare.failures = 0
        and spare.template_hash = row.template_hash and spare.backend = row.backend
      order by spare.created_at, spare.id
      limit 1
      for update skip locked
    )
    returning * into next;
    if not found then return; end if;
  elsif p_successor->'sandbox' is not null then
    select * into next from insert_sandbox(p_successor->'sandbox', p_id, null);
  end if;

  if own.id is not null then
    select * into own
    from update_sandbox(own.id, own.version, coalesce(c->'sandbox'->'change', '{}'), p_successor is not null);
  end if;
  update labs l set
    version = l.version + 1,
    phase = coalesce(c->>'phase', l.phase),
    params = coalesce(c->'params', l.params),
    sandbox_id = coalesce(next.id, l.sandbox_id),
    ready_at = coalesce((c->>'readyAt')::timestamptz, l.ready_at),
    expires_at = coalesce((c->>'expiresAt')::timestamptz, l.expires_at),
    warned = case when c->'warned' is null then l.warned
                  else array(select json_array_elements_text(c->'warned')::int) end,
    ended_at = coalesce((c->>'endedAt')::timestamptz, l.ended_at),
    end_reason = coalesce(c->>'endReason', l.end_reason),
    end_detail = case when c->'endDetail' is null then l.end_detail else c->>'endDetail' end,
    last_seq = l.last_seq + cardinality(p_types),
    due_at = case
      when c->'dueAt' is not null then (c->>'dueAt')::timestamptz
      when c->>'phase' = 'terminated' then null
      else l.due_at
    end
  where l.id = p_id
  returning * into row;
  if (c->>'forgetProgress')::boolean then perform forget_progress(p_id); end if;
  if c->'rearmFaultsSince' is not null then
    perform rearm_faults(p_id, (c->>'rearmFaultsSince')::timestamptz);
  end if;
  if (c->>'forgetAnswers')::boolean then delete from answers where lab_id = p_id; end if;
  if c->'plant' is not null then perform plant_operations(p_id, c->'plant'); end if;
  if (c->>'watch')::boolean then
    insert into watches values (p_id, 0, clock_ms()) on conflict (lab_id) do update set due_at = clock_ms();
  end if;
  if row.phase in ('terminating', 'terminated') and before not in ('terminating', 'terminated') then
    perform end_operations(p_id);
  end if;
  perform insert_events(p_id, row.last_seq - cardinality(p_types), p_types, p_data);
  if row.phase = 'terminated' and before <> 'terminated' then
    update living_labs set labs = labs - 1 where ticket = 1 + pg_backend_pid() % 8;
  end if;

  if next.id is null and own.id is null then
    select * into own from sandboxes where id = row.sandbox_id;
  end if;
  return query select row_to_json(row),
    case when next.id is not null then row_to_json(next) when own.id is not null then row_to_json(own) end,
    clock_ms();
end $$;
