-- Up Migration
-- An attempt whose trials change the lab itself, and work on that lab (faults, checkpoints, skips), are never under way
-- together: whoever comes second waits. Both lock the lab first, so that one of two sees the other.

alter table attempts add column alone boolean not null default false;

-- What an earlier fence had begun to keep is given up with that fence. One that runs already goes on whatever else is
-- asked for: nothing that is alone has begun beside it.
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
  if op.kind = 'checkpoint' then perform condemn_owned('checkpoint:' || op.lab_id || '/' || op.name, null); end if;
  if before = 'waiting' then perform tell_lab(op.lab_id, p_types, p_data); end if;
  return next row_to_json(op);
end $$;
