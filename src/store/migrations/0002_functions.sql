-- Up Migration
-- The transactions that labs wait for, each one round trip. Locks are always taken in this order, so that none of
-- them can wait in a ring: idempotency key, trainee, quota ticket; lab, its sandbox, a spare (which is never waited
-- for); a part of the count of living labs.

-- Records a lab, or says why not. outcome: created | known | conflict | quota_trainee | quota_global | crowded.
--
-- The global quota is exact without one lock that every create would hold through its fsync. A create holds one of 8
-- tickets until it commits, and reads the count after it has it; so of all creates that ever held a ticket, the last
-- one to read missed at most 7 others. When 8 labs more fit in the quota, it cannot be overrun. Nearer to the quota
-- the caller asks again with `exact`: then all tickets are taken, nothing is in flight, the rows themselves are
-- counted, and the count is put right. So it is always rows that refuse.
create function create_lab(new json, exact boolean)
returns table (outcome text, lab json, now timestamptz, used int)
language plpgsql as $$
declare
  tickets constant int := 8;
  mine constant int := 1 + pg_backend_pid() % tickets;
  given constant json := new->'idempotency';
  most constant int := (new->'quota'->>'global')::int;
  known idempotency_keys;
  at timestamptz;
  row labs;
begin
  if json_typeof(given) = 'object' then
    perform pg_advisory_xact_lock(7001, hashtext(given->>'caller' || chr(10) || (given->>'key')));
    select k.* into known from idempotency_keys k
      where k.caller = given->>'caller' and k.key = given->>'key';
    if found and known.body_hash <> given->>'bodyHash' then
      return query select 'conflict', null::json, clock_ms(), 0;
      return;
    end if;
  end if;
  -- The same id comes again when a connection was lost and nobody knows whether the first try was committed.
  select * into row from labs where id = coalesce(known.lab_id, new->>'id');
  if found then
    return query select 'known', row_to_json(row), clock_ms(), 0;
    return;
  end if;

  perform pg_advisory_xact_lock(7002, hashtext(new->>'trainee'));
  select count(*) into used from labs where trainee = new->>'trainee' and phase <> 'terminated';
  if used >= (new->'quota'->>'perTrainee')::int then
    return query select 'quota_trainee', null::json, clock_ms(), used;
    return;
  end if;

  if exact then
    perform pg_advisory_xact_lock(7003, ticket) from generate_series(1, tickets) ticket;
    select count(*) into used from labs where phase <> 'terminated';
    update living_labs set labs = case when ticket = mine then used else 0 end;
  else
    perform pg_advisory_xact_lock(7003, mine);
    select sum(labs) into used from living_labs;
  end if;
  if used >= most or (not exact and used + tickets > most) then
    return query select case when exact then 'quota_global' else 'crowded' end, null::json, clock_ms(), used;
    return;
  end if;

  at := clock_ms();
  insert into labs (id, trainee, template_id, template_hash, backend, seed, created_at, expires_at, max_expires_at,
                    last_seq, due_at)
  values (new->>'id', new->>'trainee', new->>'templateId', new->>'templateHash', new->>'backend', new->>'seed', at,
          at + (new->>'ttlSeconds')::float8 * interval '1 second',
          at + (new->>'maxSeconds')::float8 * interval '1 second', 1, at)
  returning * into row;
  update living_labs set labs = labs + 1 where ticket = mine;
  insert into lab_events values (row.id, 1, at, 'lab.requested', json_build_object('template', row.template_id));
  if json_typeof(given) = 'object' then
    insert into idempotency_keys values (given->>'caller', given->>'key', given->>'bodyHash', row.id, at);
  end if;
  return query select 'created', row_to_json(row), at, 0;
end $$;

create function insert_events(p_lab text, p_before int, p_types text[], p_data text[]) returns void language sql as $$
  insert into lab_events (lab_id, seq, at, type, data)
  select p_lab, p_before + place, clock_ms(), type, data::json
  from unnest(p_types, p_data) with ordinality as event (type, data, place)
$$;

-- One component row per name, as it is before anything was made.
create function insert_sandbox(new json, p_lab text) returns sandboxes language sql as $$
  insert into sandboxes (id, lab_id, template_id, template_hash, backend, components, created_at, due_at)
  select new->>'id', p_lab, new->>'templateId', new->>'templateHash', new->>'backend',
    (select coalesce(json_object_agg(name, json_build_object('generation', 1, 'observed', 'unknown',
                                                             'servedGeneration', 0, 'detail', null)), '{}')
     from json_array_elements_text(new->'components') name),
    at, at
  from clock_ms() at
  returning *
$$;

-- Compare-and-set. A key that `c` does not have leaves the column alone; an explicit null clears it.
-- `p_retire` makes it dead whatever `c` says. What is dead is due at once, what is gone never.
create function update_sandbox(p_id text, p_version int, c json, p_retire boolean)
returns setof sandboxes language sql as $$
  update sandboxes set
    version = version + 1,
    state = case when p_retire then 'dead' else coalesce(c->>'state', state) end,
    components = coalesce(c->'components', components),
    survey = coalesce(c->'survey', survey),
    failures = coalesce((c->>'failures')::int, failures),
    next_try_at = case when c->'nextTryAt' is null then next_try_at else (c->>'nextTryAt')::timestamptz end,
    last_error = case when c->'lastError' is null then last_error else c->>'lastError' end,
    due_at = case
      when p_retire then clock_ms()
      when c->'dueAt' is not null then (c->>'dueAt')::timestamptz
      when c->>'state' = 'dead' then clock_ms()
      when c->>'state' = 'gone' then null
      else due_at
    end
  where id = p_id and version = p_version
  returning *
$$;

-- The one way a lab moves. No row: someone else was faster (or there is no spare), and nothing was changed.
-- p_successor: null, or {"spare": true} for the oldest fitting spare, or {"sandbox": …} for a new one.
create function move_lab(p_id text, p_version int, c json, p_types text[], p_data text[], p_successor json)
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
      where spare.lab_id is null and spare.state = 'up' and spare.failures = 0
        and spare.template_hash = row.template_hash and spare.backend = row.backend
      order by spare.created_at, spare.id
      limit 1
      for update skip locked
    )
    returning * into next;
    if not found then return; end if;
  elsif p_successor->'sandbox' is not null then
    select * into next from insert_sandbox(p_successor->'sandbox', p_id);
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
  if (c->>'forgetProgress')::boolean then delete from check_progress where lab_id = p_id; end if;
  if (c->>'forgetAnswers')::boolean then delete from answers where lab_id = p_id; end if;
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

-- Compare-and-set of a sandbox alone. Its lab is locked first, and only when it is told something.
create function change_sandbox(p_id text, p_version int, c json, p_types text[], p_data text[])
returns table (lab json, sandbox json, now timestamptz)
language plpgsql as $$
declare
  row labs;
  own sandboxes;
begin
  if cardinality(p_types) > 0 then
    select l.* into row from labs l join sandboxes s on s.lab_id = l.id where s.id = p_id for update of l;
  end if;
  select * into own from update_sandbox(p_id, p_version, c, false);
  if not found then return; end if;
  if row.id is not null then
    update labs set last_seq = last_seq + cardinality(p_types) where id = row.id returning * into row;
    perform insert_events(row.id, row.last_seq - cardinality(p_types), p_types, p_data);
  elsif own.lab_id is not null then
    select * into row from labs where id = own.lab_id;
  end if;
  return query select case when row.sandbox_id = p_id then row_to_json(row) end, row_to_json(own), clock_ms();
end $$;

-- A spare, when fewer than `wanted` live. The lock makes the count and the insert one.
create function start_spare(new json, wanted int) returns setof json language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7004, hashtext((new->>'templateHash') || chr(10) || (new->>'backend')));
  if (select count(*) from sandboxes
      where lab_id is null and state in ('building', 'up')
        and template_hash = new->>'templateHash' and backend = new->>'backend') < wanted then
    return query select row_to_json(made) from insert_sandbox(new, null) made;
  end if;
end $$;
