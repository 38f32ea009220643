-- Up Migration
-- The truth of Labwright. Times are whole milliseconds, so that what JavaScript reads back is equal to what is stored.
-- Ids order by bytes (collate "C"), the same on every machine. `due_at` is when the sweep must look again: null means
-- never. `json`, not `jsonb`: the order of keys is the author's.

create function clock_ms() returns timestamptz language sql volatile
  return date_trunc('milliseconds', clock_timestamp());

create table installation (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid(),
  created_at timestamptz(3) not null default clock_ms()
);
insert into installation default values;

create table template_versions (
  hash text collate "C" primary key,
  template_id text collate "C" not null,
  bundle bytea not null,
  created_at timestamptz(3) not null default clock_ms()
);
-- The bundle is compressed by whoever made it.
alter table template_versions alter column bundle set storage external;

create table labs (
  id text collate "C" primary key,
  version int not null default 1,
  phase text not null default 'requested'
    check (phase in ('requested', 'provisioning', 'ready', 'terminating', 'terminated')),
  trainee text collate "C" not null,
  template_id text collate "C" not null,
  template_hash text collate "C" not null,
  backend text collate "C" not null,
  seed text not null,
  params json,
  sandbox_id text collate "C",
  created_at timestamptz(3) not null,
  ready_at timestamptz(3),
  expires_at timestamptz(3) not null,
  max_expires_at timestamptz(3) not null,
  warned int[] not null default '{}',
  ended_at timestamptz(3),
  end_reason text,
  end_detail text,
  last_seq int not null default 0,
  due_at timestamptz(3)
) with (fillfactor = 80);
-- Pages are read phase by phase (`list-labs.ts`), so each of these three serves a page in O(page).
create index labs_by_phase on labs (phase, created_at desc, id desc);
create index labs_by_trainee on labs (trainee, phase, created_at desc, id desc);
create index labs_by_template on labs (template_id, phase, created_at desc, id desc);
-- Quotas.
create index labs_living on labs (trainee) where phase <> 'terminated';
create index labs_served on labs (template_id, backend, ready_at desc) where ready_at is not null;
create index labs_due on labs (due_at) where due_at is not null;

-- How many labs live, in parts that are added up: see `create_lab`. Rewritten in place, hence the room.
create table living_labs (
  ticket int primary key,
  labs int not null
) with (fillfactor = 10);
insert into living_labs select ticket, 0 from generate_series(1, 8) ticket;

-- Without a foreign key: an event is only ever written with its lab's row locked, and the check costs as much as the
-- insert.
create table lab_events (
  lab_id text collate "C" not null,
  seq int not null,
  at timestamptz(3) not null,
  type text not null,
  data json not null,
  primary key (lab_id, seq)
);

create table sandboxes (
  id text collate "C" primary key,
  version int not null default 1,
  state text not null default 'building' check (state in ('building', 'up', 'dead', 'gone')),
  lab_id text collate "C" references labs on delete set null,
  template_id text collate "C" not null,
  template_hash text collate "C" not null,
  backend text collate "C" not null,
  components json not null,
  survey json,
  failures int not null default 0,
  next_try_at timestamptz(3),
  last_error text,
  created_at timestamptz(3) not null,
  due_at timestamptz(3)
) with (fillfactor = 80);
create index sandboxes_of_lab on sandboxes (lab_id) where lab_id is not null;
create index sandboxes_spare on sandboxes (template_hash, backend, created_at, id)
  where lab_id is null and state in ('building', 'up');
create index sandboxes_due on sandboxes (due_at)
  where due_at is not null and (lab_id is null or state = 'dead');

create table idempotency_keys (
  caller text collate "C" not null,
  key text collate "C" not null,
  body_hash text not null,
  lab_id text collate "C" not null,
  created_at timestamptz(3) not null default clock_ms(),
  primary key (caller, key)
);

create table attempts (
  id text collate "C" primary key,
  lab_id text collate "C" not null references labs on delete cascade,
  number int not null,
  final boolean not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'finished', 'void')),
  template_hash text collate "C" not null,
  sandbox_id text collate "C",
  generations json not null,
  fence int not null default 0,
  requested_at timestamptz(3) not null,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  points double precision,
  max_points double precision not null,
  penalty double precision not null default 0,
  void_reason text,
  due_at timestamptz(3),
  unique (lab_id, number)
);
create unique index attempts_open on attempts (lab_id) where state in ('queued', 'running');
create unique index attempts_submitted on attempts (lab_id) where final and state = 'finished';
create index attempts_due on attempts (due_at) where due_at is not null;

create table check_results (
  attempt_id text collate "C" not null references attempts on delete cascade,
  place int not null,
  check_id text collate "C" not null,
  verdict text not null check (verdict in ('pass', 'fail', 'error', 'blocked')),
  points double precision not null,
  max_points double precision not null,
  message text,
  internal text,
  expectations json not null,
  evidence json not null,
  duration_ms double precision not null,
  passed_before boolean,
  primary key (attempt_id, check_id)
);

create table evidence (
  address text collate "C" primary key,
  bytes bytea not null,
  created_at timestamptz(3) not null default clock_ms()
);
alter table evidence alter column bytes set storage external;

create table check_progress (
  lab_id text collate "C" not null references labs on delete cascade,
  check_id text collate "C" not null,
  passed_at timestamptz(3) not null,
  points double precision not null,
  primary key (lab_id, check_id)
);

create table answers (
  lab_id text collate "C" not null references labs on delete cascade,
  question text collate "C" not null,
  value json not null,
  answered_at timestamptz(3) not null default clock_ms(),
  primary key (lab_id, question)
);

create table hints_taken (
  lab_id text collate "C" not null references labs on delete cascade,
  check_id text collate "C" not null,
  taken int not null,
  taken_at timestamptz(3) not null default clock_ms(),
  primary key (lab_id, check_id)
);

create table tokens (
  id text collate "C" primary key,
  role text not null check (role in ('trainee', 'instructor', 'admin')),
  subject text not null,
  name text not null,
  token_hash bytea not null unique,
  created_at timestamptz(3) not null default clock_ms(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3)
);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default clock_ms(),
  actor text not null,
  role text not null,
  action text not null,
  target text,
  detail json not null
);
create index audit_log_by_target on audit_log (target, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_change();
