-- Up Migration
-- States of labs that people keep by name: checkpoints by another name, with an operation and an owner of their own kind.
-- They outlive a reset of their lab, and what could not be made leaves nothing. Exports that people ask for leave no row
-- either way, so that they may be asked for again.

alter table operations drop constraint operations_kind_check;
alter table operations add constraint operations_kind_check
  check (kind in ('fault', 'checkpoint', 'skip', 'snapshot', 'export'));

-- Whom the kept state of an operation belongs to; null where it keeps none.
create function kept_owner(op operations) returns text language sql immutable as $$
  select case when op.kind in ('checkpoint', 'snapshot') then op.kind || ':' || op.lab_id || '/' || op.name end
$$;

-- '0' is the character after '/'.
create function condemn_snapshots(p_lab text) returns void language sql as $$
  update sandboxes set state = 'dead', version = version + 1, due_at = clock_ms()
  where owner >= 'snapshot:' || p_lab || '/' and owner < 'snapshot:' || p_lab || '0'
    and state in ('building', 'up')
$$;

create or replace function start_checkpoint(p_operation text, p_fence bigint, new json)
returns setof json language plpgsql as $$
declare
  op operations;
begin
  select * into op from operations where id = p_operation and fence = p_fence and state = 'running' for share;
  if kept_owner(op) is not null then return query select start_owned(kept_owner(op), new); end if;
end $$;

-- planted | known | too_many | lab_not_found | lab_ended
create function plant_snapshot(p_lab text, p_name text, p_saved json, p_most int) returns text language plpgsql as $$
declare
  row labs;
begin
  select * into row from labs where id = p_lab for update;
  if row.id is null then return 'lab_not_found'; end if;
  if row.phase in ('terminating', 'terminated') then return 'lab_ended'; end if;
  if exists (select from operations where lab_id = p_lab and kind = 'snapshot' and name = p_name) then
    return 'known';
  end if;
  if (select count(*) from operations where lab_id = p_lab and kind = 'snapshot') >= p_most then
    return 'too_many';
  end if;
  insert into operations (id, lab_id, kind, name, saved, due_in_seconds, due_at)
  values (p_lab || '/snapshot/' || p_name, p_lab, 'snapshot', p_name, p_saved, 0, clock_ms());
  if row.phase = 'paused' then perform pause_work(p_lab); end if;
  return 'planted';
end $$;

-- deleted | unknown | in_use. The lab's version is raised: a move that was decided on the snapshot is decided anew.
create function delete_snapshot(p_lab text, p_name text, p_types text[], p_data text[]) returns text
language plpgsql as $$
declare
  row labs;
  op operations;
begin
  select * into row from labs where id = p_lab for update;
  select * into op from operations where lab_id = p_lab and kind = 'snapshot' and name = p_name for update;
  if op.id is null then return 'unknown'; end if;
  if row.phase = 'provisioning' and exists (
    select from sandboxes where id = row.sandbox_id and origin->>'sandboxId' = op.sandbox_id
  ) then
    return 'in_use';
  end if;
  delete from operations where id = op.id;
  perform condemn_owned(kept_owner(op), null);
  update labs set version = version + 1 where id = p_lab;
  perform tell_lab(p_lab, p_types, p_data);
  return 'deleted';
end $$;

-- As before, for all that keep a state.
create or replace function start_operation(p_id text, p_lease float8, p_types text[], p_data text[])
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
  if before = 'waiting' and exists (
    select from attempts where lab_id = op.lab_id and state = 'running' and alone
  ) then
    update operations set due_at = clock_ms() + interval '1 second' where id = p_id;
    return;
  end if;
  update operations set state = 'running', fence = nextval('operation_fences'),
    started_at = coalesce(started_at, clock_ms()), due_at = clock_ms() + p_lease * interval '1 second'
  where id = p_id
  returning * into op;
  if kept_owner(op) is not null then perform condemn_owned(kept_owner(op), null); end if;
  if before = 'waiting' then perform tell_lab(op.lab_id, p_types, p_data); end if;
  return next row_to_json(op);
end $$;

create or replace function finish_operation(p_id text, p_fence bigint, p_end json, p_types text[], p_data text[])
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
  if op.kind = 'export' or op.kind = 'snapshot' and p_end->>'state' = 'failed' then
    delete from operations where id = p_id;
  else
    update operations set state = p_end->>'state', detail = p_end->>'detail', sandbox_id = kept,
      finished_at = clock_ms(), due_at = null
    where id = p_id;
  end if;
  if kept_owner(op) is not null then perform condemn_owned(kept_owner(op), kept); end if;
  perform tell_lab(op.lab_id, p_types, p_data);
  if p_end->'trigger' is not null then
    perform trigger_operations(op.lab_id, array(select json_array_elements_text(p_end->'trigger')));
  end if;
  return true;
end $$;

create or replace function forget_progress(p_lab text) returns void language plpgsql as $$
begin
  delete from check_progress where lab_id = p_lab;
  delete from marks where lab_id = p_lab;
  delete from operations where lab_id = p_lab and kind not in ('fault', 'snapshot');
  perform rearm_faults(p_lab, null);
  perform condemn_checkpoints(p_lab);
end $$;

create or replace function end_operations(p_lab text) returns void language plpgsql as $$
begin
  update operations set fence = nextval('operation_fences'), due_at = null,
    detail = case when state = 'running' then 'The lab ended.' end,
    finished_at = case when state = 'running' then clock_ms() end,
    state = case when state = 'running' then 'failed' else state end
  where lab_id = p_lab and state in ('waiting', 'running');
  perform condemn_checkpoints(p_lab);
  perform condemn_snapshots(p_lab);
  update watches set fence = fence + 1, due_at = null where lab_id = p_lab;
end $$;
