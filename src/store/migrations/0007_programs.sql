-- Up Migration
-- What people said about a trainee in a program: attendance, results of quizzes, marks, attestations, waivers. Nothing is
-- changed or taken away: of several facts about the same kind, item and day the newest holds.

create table program_facts (
  id bigint primary key generated always as identity,
  program_id text collate "C" not null,
  trainee text collate "C" not null,
  kind text not null check (kind in ('attendance', 'quiz', 'mark', 'attestation', 'waiver')),
  item text collate "C" not null,
  -- The day that it is about.
  on_day date not null,
  hours double precision,
  percent double precision,
  marks json,
  comment text,
  withdrawn boolean not null,
  recorded_by text not null,
  at timestamptz(3) not null default clock_ms()
);
create index program_facts_of_trainee on program_facts (program_id, trainee, id);
create index program_facts_of_program on program_facts (program_id, id);

create function refuse_change_of_fact() returns trigger language plpgsql as $$
begin
  raise exception 'facts of programs are append-only' using errcode = 'restrict_violation';
end $$;
create trigger program_facts_append_only before update or delete or truncate on program_facts
  for each statement execute function refuse_change_of_fact();

-- Who has a lab of a program, in order of names.
create index labs_by_template_and_trainee on labs (template_id, trainee);
