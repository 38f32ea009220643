-- Up Migration
-- Attempts judged again from their evidence. A regrade is a layer over what was recorded: nothing is overwritten, and
-- of an attempt the newest applied layer counts that was not undone.

-- Address of what the attempt was judged on; attempts from before this cannot be judged again.
alter table attempts add column record text collate "C";
create index attempts_of_version on attempts (template_hash, lab_id, number) where state = 'finished';

create sequence regrade_turns;
create table regrades (
  id text collate "C" primary key,
  state text not null default 'running' check (state in ('running', 'ready', 'applied', 'undone', 'stopped')),
  template_id text collate "C" not null,
  -- What was asked for; null: all.
  from_hash text collate "C",
  to_hash text collate "C" not null,
  lab_id text collate "C",
  check_id text collate "C",
  finals boolean not null,
  asked_by text not null,
  asked_at timestamptz(3) not null default clock_ms(),
  reason text,
  applied_by text,
  applied_at timestamptz(3),
  -- In which order they were applied.
  turn bigint,
  undone_by text,
  undone_at timestamptz(3),
  undo_reason text
);
create index regrades_by_time on regrades (asked_at desc, id desc);

create table regrade_results (
  regrade_id text collate "C" not null references regrades on delete cascade,
  attempt_id text collate "C" not null references attempts on delete cascade,
  lab_id text collate "C" not null,
  number int not null,
  final boolean not null,
  -- The layer that counted when this was judged; null: what was recorded.
  over_regrade text collate "C",
  -- Whether anything is different; without it this is no layer.
  changed boolean not null,
  points double precision not null,
  points_before double precision not null,
  max_points double precision not null,
  penalty double precision not null,
  results json not null,
  -- Each check by itself, with the version that judged it.
  own json not null,
  -- Why a check kept its verdict.
  kept json not null,
  -- What people are shown of the changes, sealed like evidence, for it holds what was seen.
  detail bytea not null,
  detail_address text not null,
  primary key (regrade_id, attempt_id)
);
create index regrade_results_of_attempt on regrade_results (attempt_id, regrade_id) where changed;
create index regrade_results_of_lab on regrade_results (lab_id) where changed;

-- The layer that counts, of each attempt that has one.
create view counted_layers as
  select distinct on (result.attempt_id) result.*, regrade.turn, regrade.to_hash, regrade.applied_at, regrade.reason
  from regrade_results result join regrades regrade on regrade.id = result.regrade_id
  where regrade.state = 'applied' and result.changed and (regrade.finals or not result.final)
  order by result.attempt_id, regrade.turn desc;
