-- The two reports of the back office. One of them asks for every figure in a query of its own; which one is drawn.
create function make_reports(slow text) returns void language plpgsql as $make$
begin
  if slow = 'cash_flow' then
    create view cash_flow as
    select d::date as day,
           (select count(*) from payments p
            where p.status = 'succeeded' and p.paid_at >= d and p.paid_at < d + interval '1 day') as payments,
           (select coalesce(sum(p.amount), 0) from payments p
            where p.status = 'succeeded' and p.paid_at >= '2025-06-01 00:00+00'
              and p.paid_at < d + interval '1 day') as to_date
    from generate_series(timestamptz '2025-06-01 00:00+00', '2025-06-14 00:00+00', '1 day') d
    order by 1;
  else
    create view cash_flow as
    with daily as (
      select date_trunc('day', paid_at) as day, count(*) as payments, sum(amount) as amount
      from payments
      where status = 'succeeded' and paid_at >= '2025-06-01 00:00+00' and paid_at < '2025-06-15 00:00+00'
      group by 1)
    select d::date as day, coalesce(daily.payments, 0) as payments,
           coalesce(sum(daily.amount) over (order by d), 0) as to_date
    from generate_series(timestamptz '2025-06-01 00:00+00', '2025-06-14 00:00+00', '1 day') d
    left join daily on daily.day = d
    order by 1;
  end if;

  if slow = 'monthly_figures' then
    create view monthly_figures as
    select m::date as month,
           (select count(*) from invoices i
            where i.issued_at >= m and i.issued_at < m + interval '1 month') as invoices,
           (select coalesce(sum(p.amount), 0) from payments p
            where p.status = 'succeeded' and p.paid_at >= m and p.paid_at < m + interval '1 month') as collected,
           (select count(*) from payments p
            where p.status = 'failed' and p.paid_at >= m and p.paid_at < m + interval '1 month') as failed
    from generate_series(timestamptz '2025-01-01 00:00+00', '2025-06-01 00:00+00', '1 month') m
    order by 1;
  else
    create view monthly_figures as
    with billed as (
      select date_trunc('month', issued_at) as month, count(*) as invoices
      from invoices
      where issued_at >= '2025-01-01 00:00+00' and issued_at < '2025-07-01 00:00+00'
      group by 1),
    received as (
      select date_trunc('month', paid_at) as month,
             sum(amount) filter (where status = 'succeeded') as collected,
             count(*) filter (where status = 'failed') as failed
      from payments
      where paid_at >= '2025-01-01 00:00+00' and paid_at < '2025-07-01 00:00+00'
      group by 1)
    select m::date as month, coalesce(billed.invoices, 0) as invoices,
           coalesce(received.collected, 0) as collected, coalesce(received.failed, 0) as failed
    from generate_series(timestamptz '2025-01-01 00:00+00', '2025-06-01 00:00+00', '1 month') m
    left join billed on billed.month = m
    left join received on received.month = m
    order by 1;
  end if;
end
$make$;
select make_reports(:'report');
drop function make_reports;
comment on view cash_flow is 'Report: successful payments of each day, and all of the month up to that day';
comment on view monthly_figures is 'Report: invoices issued, money collected and failed payments of each month';

-- A night job that rewrote every row, on a table that autovacuum was told to leave alone.
-- A copied database has counted nothing yet: this is what its tables hold.
analyze tenants, customers, services, service_plans, invoices, invoice_items, payments, tickets, usage_records;
alter table :"bloated" set (autovacuum_enabled = off);
update :"bloated" set created_at = created_at;
