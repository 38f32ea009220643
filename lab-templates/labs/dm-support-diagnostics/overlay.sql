-- The three customers of this lab, two who are easily taken for them, and the outages that explain something or nothing.
-- It is applied to the trainee's database and to the untouched start alike, so every id and every time is a function of
-- the parameters: no random(), no now(), no default of a column.

create function plant_id(what text) returns uuid language sql immutable as $$
  select (substr(h, 1, 12) || '4' || substr(h, 14, 3) || '8' || substr(h, 18, 15))::uuid from (select md5(what) as h) x
$$;

create table plant_facts as
select '7e000000-0000-4000-8000-000000000001'::uuid as tenant,
       :'salt' as salt,
       :'mailAddress' as mail_address, :'mailCause' as mail_cause,
       (:'mailUnpaidFrom')::date as mail_unpaid_from, (:'mailPast')::jsonb as past,
       (:'twins')::jsonb as twins, :'twinsPhone' as phone, :'callerIs' as caller_is, :'callerCause' as caller_cause,
       (:'callerWrote')::jsonb as wrote,
       :'account' as account, (:'slowPlace')::jsonb as place, date '2025-06-01' + (:'dropDay')::int - 1 as dropped;

-- Outages of the generated data are over: what is open explains something.
update tickets set status = 'resolved', first_response_at = coalesce(first_response_at, opened_at + interval '20 minutes'),
                   resolved_at = opened_at + interval '7 hours'
 where category = 'outage' and status not in ('resolved', 'closed');

create table plant_people as
select 'mail' as who, :'mailAccount' as account,
       initcap(split_part(mail_address, '.', 1)) as first, initcap(split_part(mail_address, '.', 2)) as last,
       mail_address as email, '+15550142' || right(:'mailAccount', 3) as phone,
       '17 Harbour Street' as street, 'Kingsferry' as city, 'KF9 2AB' as postal_code,
       case mail_cause when 'unpaid' then 'suspended' else 'active' end as status,
       case when (past ->> 'years')::boolean then timestamptz '2022-11-14 10:12:00+00' else '2024-03-05 15:40:00+00' end as since,
       case mail_cause when 'unpaid' then mail_unpaid_from end as unpaid_from
  from plant_facts
union all
-- Whichever of the two calls, one of them waits for the service and the other has not paid.
select case caller_is when two.name then 'caller' else 'twin' end, two.account, twins ->> 'first', twins ->> two.name,
       lower((twins ->> 'first') || '.' || (twins ->> two.name)) || right(two.account, 3) || '@example.com', phone,
       two.street, two.city, two.postal_code,
       case when (caller_is = two.name) = (caller_cause = 'unpaid') then 'suspended' else 'active' end, two.since,
       case when (caller_is = two.name) = (caller_cause = 'unpaid') then date '2025-05-01' end
  from plant_facts cross join (values
    ('one', :'oneAccount', '8 Mill Lane', 'Ashcombe', 'AC3 4EH', timestamptz '2023-09-18 09:05:00+00'),
    ('other', :'otherAccount', '31 Station Road', 'Marlow Bay', 'MB2 7RT', '2023-02-27 13:30:00+00')
  ) as two (name, account, street, city, postal_code, since)
union all
select 'slow', account, 'Leonie', 'Brandt', 'leonie.brandt' || right(account, 4) || '@example.com', '+15550177' || right(account, 3),
       place ->> 'street', place ->> 'city', place ->> 'postal', 'active', '2024-01-22 11:00:00+00', null
  from plant_facts;

insert into customers (id, tenant_id, account_number, first_name, last_name, email, phone, street, city, postal_code, status, created_at)
select plant_id(salt || who), tenant, p.account, first, last, email, p.phone, street, city, postal_code, status, since
  from plant_people p, plant_facts;

create table plant_wanted as
-- who, what, plan, status, from, to
select 'mail' as who, 'net' as what, 'NET-100' as plan,
       case mail_cause when 'unpaid' then 'suspended' else 'cancelled' end as status,
       case when (past ->> 'plan')::boolean then timestamptz '2025-01-10 08:00:00+00' end as begins,
       case mail_cause when 'ended' then timestamptz '2025-06-27 00:00:00+00' end as ends
  from plant_facts
union all
select 'mail', 'old', 'NET-50', 'cancelled', null, '2025-01-10 08:00:00+00' from plant_facts where (past ->> 'plan')::boolean
union all
select 'mail', 'tv', 'TV-START', case mail_cause when 'unpaid' then 'suspended' else 'active' end, '2024-08-02 08:00:00+00', null
  from plant_facts where (past ->> 'tv')::boolean
union all
select who, 'net', 'NET-100', case status when 'suspended' then 'suspended' else 'active' end, null, null
  from plant_people where who in ('caller', 'twin')
union all
select who, 'tv', 'TV-FULL', case status when 'suspended' then 'suspended' else 'pending' end,
       case status when 'suspended' then null else timestamptz '2025-06-26 16:20:00+00' end, null
  from plant_people where who in ('caller', 'twin')
union all
select 'slow', 'net', 'NET-500', 'active', null, null
union all
select 'slow', 'mobile', 'MOB-20', 'active', '2024-05-07 09:00:00+00', null;

insert into services (id, tenant_id, customer_id, plan_id, name, type, status, monthly_rate, started_at, ended_at, created_at)
select plant_id(salt || w.who || w.what), tenant, plant_id(salt || w.who), s.id, s.name, s.type, w.status, s.monthly_rate,
       coalesce(begins, p.since), ends, coalesce(begins, p.since)
  from plant_wanted w join plant_people p on p.who = w.who cross join plant_facts join service_plans s on s.tenant_id = tenant and s.code = w.plan;

-- Twelve months of bills.
create table plant_bills as
select p.who, m::date as month, plant_id(salt || p.who || m::date) as id,
       'INV-' || lpad((:'numbers'::int + 37 * row_number() over (order by m, p.account))::text, 7, '0') as number,
       m::date >= p.unpaid_from is true as unpaid
  from plant_people p cross join plant_facts cross join generate_series(timestamptz '2024-07-01 00:00+00', '2025-06-01 00:00+00', '1 month') m;

create table plant_billed as
select b.id as invoice, s.id as service, s.name, s.monthly_rate
  from plant_bills b cross join plant_facts join services s on s.customer_id = plant_id(salt || b.who)
 where s.status <> 'pending' and s.started_at < b.month + interval '1 month' and (s.ended_at is null or s.ended_at > b.month);

insert into invoices (id, tenant_id, customer_id, number, period_start, period_end, total_amount, status, issued_at, due_at, paid_at, created_at)
select b.id, tenant, plant_id(salt || b.who), b.number, b.month, (b.month + interval '1 month - 1 day')::date,
       (select sum(monthly_rate) from plant_billed where invoice = b.id),
       case when b.unpaid then 'overdue' else 'paid' end,
       b.month::timestamp at time zone 'UTC' + interval '6 hours',
       b.month::timestamp at time zone 'UTC' + interval '14 days 6 hours',
       case when not b.unpaid then b.month::timestamp at time zone 'UTC' + interval '9 days 11 hours' end,
       b.month::timestamp at time zone 'UTC' + interval '6 hours'
  from plant_bills b, plant_facts;

insert into invoice_items (id, tenant_id, invoice_id, service_id, description, quantity, unit_amount, amount)
select plant_id(salt || invoice || service), tenant, invoice, service, name, 1, monthly_rate, monthly_rate from plant_billed, plant_facts;

-- A direct debit came back in February, which the next try made good; those of unpaid invoices came back for good.
insert into payments (id, tenant_id, invoice_id, customer_id, amount, method, status, reference, paid_at, created_at)
select plant_id(salt || b.id || t.status), tenant, b.id, i.customer_id, i.total_amount, 'direct_debit', t.status,
       'PAY-' || substr(b.number, 5), i.issued_at + t.after, i.issued_at + t.after
  from plant_bills b join invoices i on i.id = b.id cross join plant_facts cross join lateral (
    select 'succeeded' as status, interval '9 days 5 hours' as after where not b.unpaid
    union all
    select 'failed', interval '2 days' where b.unpaid or (b.who = 'mail' and b.month = '2025-02-01' and (past ->> 'failed')::boolean)) t;

insert into tickets (id, tenant_id, customer_id, number, subject, body, category, priority, tier, status, affected_customers,
                     opened_at, first_response_at, resolved_at, created_at)
select plant_id(salt || t.what), tenant, case when t.who is not null then plant_id(salt || t.who) end,
       'TCK-' || lpad((:'numbers'::int + t.n)::text, 6, '0'), t.subject, t.body, t.category, t.priority, t.tier, t.status, t.affected,
       t.opened, case when t.status <> 'open' then t.opened + interval '25 minutes' end,
       case t.status when 'resolved' then t.opened + interval '1 day 3 hours' end, t.opened
  from plant_facts cross join lateral (values
    ('mail-red', 'mail', 61, 'Router shows a red light', 'No connection since yesterday. The light on the router is red. Please send somebody with a new one.',
     'connectivity', 'high', 2, 'open', 1, timestamptz '2025-06-28 18:44:00+00'),
    ('caller-old', 'caller', 17, wrote -> 'caller' ->> 'subject', wrote -> 'caller' ->> 'body', wrote -> 'caller' ->> 'category',
     'low', 1, 'resolved', 1, '2025-04-09 10:30:00+00'),
    ('twin-old', 'twin', 19, wrote -> 'twin' ->> 'subject', wrote -> 'twin' ->> 'body', wrote -> 'twin' ->> 'category',
     'low', 1, 'resolved', 1, '2025-04-15 14:10:00+00'),
    ('wifi', 'slow', 48, 'Wi-Fi is weak in the bedroom', 'Upstairs I get two bars. Is my router too old for 500?',
     'connectivity', 'normal', 2, 'waiting', 1, dropped + interval '1 day 19 hours'),
    ('outage', null, 41, 'Backhaul ' || (place ->> 'city') || ' degraded',
     'One of two uplinks of the cabinet in ' || (place ->> 'street_only') || ', ' || (place ->> 'city') || ' is lost. Connected, but at about a tenth of the speed. Splicing crew ordered.',
     'outage', 'urgent', 3, 'in_progress', 43, dropped + interval '5 hours 40 minutes'),
    ('outage-before', null, 23, 'Backhaul ' || (place ->> 'city') || ' degraded',
     'Cabinet in ' || (place ->> 'street_only') || ', ' || (place ->> 'city') || ' on battery for an hour. No customer lost speed.',
     'outage', 'high', 3, 'resolved', 43, dropped - interval '12 days' + interval '2 hours'),
    ('outage-elsewhere', null, 42, 'Backhaul ' || (place ->> 'elsewhere') || ' degraded',
     'One of two uplinks of the cabinet in ' || (place ->> 'elsewhere') || ' is lost. Connected, but slow.',
     'outage', 'urgent', 3, 'in_progress', 28, dropped + interval '6 hours 15 minutes')
  ) as t (what, who, n, subject, body, category, priority, tier, status, affected, opened);

insert into tickets (id, tenant_id, customer_id, number, subject, body, category, priority, tier, status, affected_customers,
                     opened_at, first_response_at, resolved_at, created_at)
select plant_id(salt || 'mail-ended'), tenant, plant_id(salt || 'mail'), 'TCK-' || lpad((:'numbers'::int + 44)::text, 6, '0'),
       'End my internet connection', 'I move out at the end of the month. Please end the internet connection on 27 June; the rest may stay for now.',
       'service_change', 'normal', 1, 'resolved', 1, timestamptz '2025-06-13 09:20:00+00', timestamptz '2025-06-13 09:50:00+00', timestamptz '2025-06-16 12:00:00+00', timestamptz '2025-06-13 09:20:00+00'
  from plant_facts where mail_cause = 'ended'
union all
select plant_id(salt || 'mail-before'), tenant, plant_id(salt || 'mail'), 'TCK-' || lpad((:'numbers'::int + 6)::text, 6, '0'),
       'Internet drops every evening', 'Between seven and ten the line drops every few minutes.',
       'connectivity', 'high', 2, 'resolved', 1, '2025-02-20 20:15:00+00', '2025-02-20 20:40:00+00', '2025-02-22 11:00:00+00', '2025-02-20 20:15:00+00'
  from plant_facts where (past ->> 'before')::boolean;

-- From the day of the outage on a tenth of what it was; the mobile service notices nothing.
insert into usage_records (id, tenant_id, customer_id, service_id, day, download_gb, upload_gb, minutes, created_at)
select plant_id(salt || w.what || d::date), tenant, plant_id(salt || 'slow'), plant_id(salt || 'slow' || w.what), d::date,
       round((w.low + w.spread * noise.x)::numeric * case when w.what = 'net' and d::date >= dropped then 0.1 else 1 end, 3),
       round((w.low + w.spread * noise.x)::numeric * case when w.what = 'net' and d::date >= dropped then 0.01 else 0.1 end, 3),
       0, (d::date + 1)::timestamp at time zone 'UTC' - interval '1 second'
  from plant_facts
 cross join (values ('net', 16.0, 9.0), ('mobile', 0.2, 0.6)) as w (what, low, spread)
 cross join generate_series(timestamp '2025-05-18', '2025-06-29', '1 day') d
 cross join lateral (select ('x' || substr(md5(salt || w.what || d::date), 1, 4))::bit(16)::int / 65535.0 as x) noise;

drop table plant_facts, plant_people, plant_wanted, plant_bills, plant_billed;
drop function plant_id;
