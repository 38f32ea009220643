-- Up Migration
-- Labs that are paused: their components are stopped and keep what they hold, and the time that passes counts for nothing
-- but their lifetime. Nothing of what waits in one is due until it is ready again.

alter table labs drop constraint labs_phase_check;
alter table labs add constraint labs_phase_check check (
  phase in ('requested', 'provisioning', 'ready', 'paused', 'resuming', 'terminating', 'terminated')
);
-- When somebody last did something with it. `now()`, not `clock_ms()`: so the table is not written anew.
alter table labs add column active_at timestamptz(3) not null default now(),
  add column paused_because text check (paused_because in ('asked', 'idle')),
  -- Of a lab that ends: how often the writing of what its template keeps is still tried before its sandbox may go.
  add column exports_left int not null default 0;
-- While its lab is paused: how long it still has to wait. Less than nothing is due at once.
alter table operations add column left_seconds double precision;

-- What would not survive a pause: it is graded, or a state of it is being kept, or a task of it done. The lab is locked,
-- and so does whoever begins one of these.
create function is_worked_on(p_lab text) returns boolean language sql as $$
  select exists (select from attempts where lab_id = p_lab and state in ('queued', 'running'))
    or exists (select from operations where lab_id = p_lab and state = 'running' and kind <> 'fault')
$$;

-- A worker in the midst of a fault loses it to the one that goes on with it when the lab is ready again. The lab is locked.
create function pause_work(p_lab text) returns void language sql as $$
  update operations set left_seconds = extract(epoch from due_at - clock_ms()), due_at = null,
    fence = case when state = 'running' then nextval('operation_fences') else fence end
  where lab_id = p_lab and due_at is not null;
  update watches set fence = fence + 1, due_at = null where lab_id = p_lab;
$$;

create function resume_work(p_lab text) returns void language sql as $$
  update operations set due_at = coalesce(due_at, clock_ms() + left_seconds * interval '1 second'),
    left_seconds = null
  where lab_id = p_lab and left_seconds is not null and state in ('waiting', 'running');
$$;

-- What begins to wait, or becomes due, in a lab that is paused waits with the rest.
create or replace function plant_operation(p_lab text, p_new json) returns text language plpgsql as $$
declare
  row labs;
  planted boolean;
begin
  select * into row from labs where id = p_lab for update;
  if row.id is null then return 'lab_not_found'; end if;
  if row.phase in ('terminating', 'terminated') then return 'lab_ended'; end if;
  planted := plant_operations(p_lab, json_build_array(p_new)) > 0;
  if row.phase = 'paused' then perform pause_work(p_lab); end if;
  return case when planted then 'planted' else 'known' end;
end $$;

create or replace function trigger_operation(p_id text) returns boolean language plpgsql as $$
declare
  row labs;
  triggered boolean;
begin
  select l.* into row from labs l join operations o on o.lab_id = l.id where o.id = p_id for update of l;
  triggered := row.phase in ('requested', 'provisioning', 'ready', 'paused', 'resuming')
    and trigger_operations(row.id, array[p_id]) > 0;
  if row.phase = 'paused' then perform pause_work(row.id); end if;
  return triggered;
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
  if row.active_at > (c->>'unlessUsedSince')::timestamptz then return; end if;
  before := row.phase;
  if c->>'phase' = 'paused' and is_worked_on(p_id) then return; end if;
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
    paused_because = case when coalesce(c->>'phase', l.phase) in ('paused', 'resuming')
                          then coalesce(c->>'pausedBecause', l.paused_because) end,
    exports_left = coalesce((c->>'exportsLeft')::int, l.exports_left),
    active_at = case when before = 'resuming' and c->>'phase' = 'ready' then clock_ms() else l.active_at end,
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
  if row.phase = 'paused' and before <> 'paused' then perform pause_work(p_id); end if;
  if before in ('paused', 'resuming') and row.phase not in ('paused', 'resuming') then
    perform resume_work(p_id);
  end if;
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
