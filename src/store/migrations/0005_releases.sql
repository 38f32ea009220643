-- Up Migration
-- Which version of a template people get: versions are staged, released and withdrawn, and classes are pinned. Attempts
-- know whether they count and how late they were; results when each look was taken.

create table staged_versions (
  template_id text collate "C" not null,
  hash text collate "C" not null,
  staged_at timestamptz(3) not null default clock_ms(),
  staged_by text not null,
  note text,
  primary key (template_id, hash)
);

-- A pile for each template: the newest that was not withdrawn is what trainees get.
create table releases (
  id bigint generated always as identity primary key,
  template_id text collate "C" not null,
  hash text collate "C" not null,
  released_at timestamptz(3) not null default clock_ms(),
  released_by text not null,
  note text,
  withdrawn_at timestamptz(3),
  withdrawn_by text,
  withdrawn_note text
);
create index releases_standing on releases (template_id, id desc) where withdrawn_at is null;
create index releases_of_version on releases (template_id, hash, id desc);

create table classes (
  id text collate "C" primary key,
  title text not null,
  changed_at timestamptz(3) not null default clock_ms(),
  changed_by text not null
);
create table class_pins (
  class_id text collate "C" not null references classes on delete cascade,
  template_id text collate "C" not null,
  hash text collate "C" not null,
  primary key (class_id, template_id)
);
create table class_dues (
  class_id text collate "C" not null references classes on delete cascade,
  template_id text collate "C" not null,
  due_at timestamptz(3) not null,
  late text not null check (late in ('accept', 'mark', 'refuse')),
  primary key (class_id, template_id)
);

-- A name, not a reference: labs outlive the class that they were made for.
alter table labs add column class text collate "C";
create index labs_by_class on labs (class, phase, created_at desc, id desc) where class is not null;
-- How often a trainee of a class was graded.
create index labs_of_class_member on labs (class, template_id, trainee) where class is not null;
alter table tokens add column class text collate "C";
-- False: asked for by somebody whom no limit holds.
alter table attempts add column counted boolean not null default true, add column late_seconds double precision;
alter table check_results add column looks json not null default '[]';

create function standing_release(p_template text) returns releases language sql stable as $$
  select r from releases r where template_id = p_template and withdrawn_at is null order by id desc limit 1
$$;

-- Releases and rollbacks of one template come one after the other. Null as hash: what was staged last, unless it was
-- released since then. outcome: released | known | not_staged | nothing_staged
create function release_version(p_template text, p_hash text, p_by text, p_note text)
returns table (outcome text, hash text, before text) language plpgsql as $$
declare
  standing releases;
  wanted staged_versions;
begin
  perform pg_advisory_xact_lock(7005, hashtext(p_template));
  standing := standing_release(p_template);
  select s.* into wanted from staged_versions s
    where s.template_id = p_template and (p_hash is null or s.hash = p_hash)
    order by s.staged_at desc, s.hash limit 1;
  if wanted.hash is null then
    return query select case when p_hash is null then 'nothing_staged' else 'not_staged' end, p_hash, standing.hash;
  elsif wanted.hash = standing.hash then
    return query select 'known', wanted.hash, standing.hash;
  elsif p_hash is null and exists (
    select from releases r
    where r.template_id = p_template and r.hash = wanted.hash
      and coalesce(r.withdrawn_at, r.released_at) >= wanted.staged_at
  ) then
    return query select 'nothing_staged', wanted.hash, standing.hash;
  else
    insert into releases (template_id, hash, released_by, note) values (p_template, wanted.hash, p_by, p_note);
    return query select 'released', wanted.hash, standing.hash;
  end if;
end $$;

-- outcome: rolled_back | never_released | no_earlier | moved (another than `p_from` stands)
create function roll_back_release(p_template text, p_from text, p_by text, p_note text)
returns table (outcome text, hash text, before text) language plpgsql as $$
declare
  standing releases;
  earlier releases;
begin
  perform pg_advisory_xact_lock(7005, hashtext(p_template));
  standing := standing_release(p_template);
  if standing.id is null then
    return query select 'never_released', null::text, null::text;
  elsif standing.hash is distinct from coalesce(p_from, standing.hash) then
    return query select 'moved', standing.hash, standing.hash;
  else
    select r.* into earlier from releases r
      where r.template_id = p_template and r.withdrawn_at is null and r.id < standing.id
      order by r.id desc limit 1;
    if earlier.id is null then
      return query select 'no_earlier', standing.hash, standing.hash;
    else
      update releases r set withdrawn_at = clock_ms(), withdrawn_by = p_by, withdrawn_note = p_note
      where r.id = standing.id;
      return query select 'rolled_back', earlier.hash, standing.hash;
    end if;
  end if;
end $$;

-- All of a class as it is asked for, or nothing of it.
create function put_class(p_id text, p_class json, p_by text) returns void language plpgsql as $$
begin
  insert into classes (id, title, changed_by) values (p_id, p_class->>'title', p_by)
  on conflict (id) do update set title = excluded.title, changed_at = clock_ms(), changed_by = excluded.changed_by;
  delete from class_pins where class_id = p_id;
  delete from class_dues where class_id = p_id;
  insert into class_pins select p_id, key, value #>> '{}' from json_each(p_class->'pins');
  insert into class_dues select p_id, key, (value->>'at')::timestamptz, value->>'late' from json_each(p_class->'due');
end $$;

-- Records a lab, or says why not. outcome: created | known | conflict | quota_trainee | quota_global | crowded.
--
-- The global quota is exact without one lock that every create would hold through its fsync. A create holds one of 8
-- tickets until it commits, and reads the count after it has it; so of all creates that ever held a ticket, the last
-- one to read missed at most 7 others. When 8 labs more fit in the quota, it cannot be overrun. Nearer to the quota
-- the caller asks again with `exact`: then all tickets are taken, nothing is in flight, the rows themselves are
-- counted, and the count is put right. So it is always rows that refuse.
create or replace function create_lab(new json, exact boolean)
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
                    last_seq, due_at, class)
  values (new->>'id', new->>'trainee', new->>'templateId', new->>'templateHash', new->>'backend', new->>'seed', at,
          at + (new->>'ttlSeconds')::float8 * interval '1 second',
          at + (new->>'maxSeconds')::float8 * interval '1 second', 1, at, new->>'class')
  returning * into row;
  update living_labs set labs = labs + 1 where ticket = mine;
  insert into lab_events values (row.id, 1, at, 'lab.requested', json_build_object('template', row.template_id));
  if json_typeof(given) = 'object' then
    insert into idempotency_keys values (given->>'caller', given->>'key', given->>'bodyHash', row.id, at);
  end if;
  return query select 'created', row_to_json(row), at, 0;
end $$;
