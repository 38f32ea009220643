create table customers (
  id bigint generated always as identity primary key,
  email text not null unique,
  name text not null,
  status text not null check (status in ('active', 'suspended', 'closed')),
  created_at timestamptz not null default now()
);
create table services (
  id bigint generated always as identity primary key,
  customer_id bigint not null references customers,
  name text not null,
  monthly_rate numeric(10, 2) not null check (monthly_rate > 0)
);
create table invoices (
  id bigint generated always as identity primary key,
  customer_id bigint not null references customers,
  issued_on date not null,
  total_amount numeric(10, 2) not null
);
create table payments (
  id bigint generated always as identity primary key,
  invoice_id bigint not null references invoices,
  amount numeric(10, 2) not null,
  paid_on date not null
);
create index invoices_of_customer on invoices (customer_id, issued_on);
create index payments_of_invoice on payments (invoice_id);
create index customers_of_status on customers (status) where status <> 'active';

insert into customers (email, name, status)
select 'customer' || n || '@example.net', 'Customer ' || n, case n % 9 when 0 then 'suspended' when 4 then 'closed' else 'active' end
from generate_series(1, 400) n;
insert into services (customer_id, name, monthly_rate)
select 1 + n % 400, 'Internet ' || (n % 5) * 50, 19.9 + (n % 7) * 10 from generate_series(1, 700) n;
insert into invoices (customer_id, issued_on, total_amount)
select 1 + n % 400, date '2025-01-01' + (n % 600), 19.9 + (n % 11) * 7.35 from generate_series(1, 6000) n;
insert into payments (invoice_id, amount, paid_on)
select i.id, i.total_amount, i.issued_on + 14 from invoices i where i.id % 8 <> 0;
