-- What DotMac keeps. Constraints that need other tables come after the data (02-keys.sql): checking
-- 900,000 rows one by one costs more than validating each key once.

create sequence account_numbers;
create sequence invoice_numbers;
create sequence ticket_numbers;

create table tenants (
  id uuid primary key,
  name text not null,
  slug text not null,
  status text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null default now()
);

create table users (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  email text not null,
  name text not null,
  role text not null check (role in ('admin', 'manager', 'engineer', 'support', 'billing', 'trainee')),
  permissions text[] not null default '{}',
  password_hash text,
  status text not null default 'active' check (status in ('active', 'disabled')),
  created_at timestamptz not null default now()
);

create table customers (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  account_number text not null default 'ACC-' || lpad(nextval('account_numbers')::text, 6, '0'),
  first_name text not null check (first_name <> ''),
  last_name text not null check (last_name <> ''),
  email text not null check (position('@' in email) > 1),
  phone text,
  street text,
  city text,
  postal_code text,
  status text not null default 'active' check (status in ('prospect', 'active', 'suspended', 'churned')),
  created_at timestamptz not null default now(),
  churned_at timestamptz,
  check ((status = 'churned') = (churned_at is not null))
);

create table service_plans (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  code text not null,
  name text not null,
  type text not null check (type in ('internet', 'phone', 'tv', 'mobile', 'hosting')),
  monthly_rate numeric(10, 2) not null check (monthly_rate >= 0),
  download_mbps integer check (download_mbps > 0),
  upload_mbps integer check (upload_mbps > 0),
  status text not null default 'active' check (status in ('active', 'retired')),
  created_at timestamptz not null default now()
);

create table services (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  customer_id uuid not null,
  plan_id uuid,
  name text not null check (name <> ''),
  type text not null check (type in ('internet', 'phone', 'tv', 'mobile', 'hosting')),
  status text not null default 'active' check (status in ('pending', 'active', 'suspended', 'cancelled')),
  monthly_rate numeric(10, 2) not null check (monthly_rate >= 0),
  started_at timestamptz not null default now(),
  ended_at timestamptz check (ended_at >= started_at),
  created_at timestamptz not null default now(),
  check ((status = 'cancelled') = (ended_at is not null))
);

create table invoices (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  customer_id uuid not null,
  number text not null default 'INV-' || lpad(nextval('invoice_numbers')::text, 7, '0'),
  period_start date not null,
  period_end date not null check (period_end >= period_start),
  total_amount numeric(12, 2) not null check (total_amount >= 0),
  status text not null default 'issued' check (status in ('draft', 'issued', 'paid', 'overdue', 'void')),
  issued_at timestamptz,
  due_at timestamptz,
  paid_at timestamptz,
  created_at timestamptz not null default now(),
  check ((status = 'paid') = (paid_at is not null)),
  check (status = 'draft' or issued_at is not null)
);

create table invoice_items (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  invoice_id uuid not null,
  service_id uuid,
  description text not null,
  quantity integer not null default 1 check (quantity > 0),
  unit_amount numeric(12, 2) not null,
  amount numeric(12, 2) not null
);

create table payments (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  invoice_id uuid not null,
  customer_id uuid not null,
  amount numeric(12, 2) not null check (amount > 0),
  method text not null check (method in ('card', 'direct_debit', 'bank_transfer', 'cash')),
  status text not null default 'succeeded' check (status in ('succeeded', 'failed', 'refunded')),
  reference text,
  paid_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);

create table tickets (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  customer_id uuid,
  number text not null default 'TCK-' || lpad(nextval('ticket_numbers')::text, 6, '0'),
  subject text not null check (subject <> ''),
  body text not null default '',
  category text not null check (category in ('general', 'billing', 'connectivity', 'portal', 'security', 'outage', 'service_change')),
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  tier smallint not null default 1 check (tier between 1 and 3),
  status text not null default 'open' check (status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  disputed_amount numeric(12, 2) check (disputed_amount > 0),
  affected_customers integer not null default 1 check (affected_customers > 0),
  assignee_id uuid,
  opened_at timestamptz not null default now(),
  first_response_at timestamptz check (first_response_at >= opened_at),
  resolved_at timestamptz check (resolved_at >= opened_at),
  created_at timestamptz not null default now(),
  check ((status in ('resolved', 'closed')) = (resolved_at is not null))
);

create table usage_records (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null,
  customer_id uuid not null,
  service_id uuid not null,
  day date not null,
  download_gb numeric(10, 3) not null default 0 check (download_gb >= 0),
  upload_gb numeric(10, 3) not null default 0 check (upload_gb >= 0),
  minutes integer not null default 0 check (minutes >= 0),
  created_at timestamptz not null default now()
);

create table system_metrics (
  id bigint primary key generated by default as identity,
  at timestamptz not null,
  cpu_percent numeric(5, 2) not null check (cpu_percent between 0 and 100),
  memory_percent numeric(5, 2) not null check (memory_percent between 0 and 100),
  disk_percent numeric(5, 2) not null check (disk_percent between 0 and 100),
  active_users integer not null check (active_users >= 0),
  response_time_ms numeric(8, 2) not null check (response_time_ms >= 0),
  up boolean not null default true
);

-- What the platform records about itself. Only the API writes here.
create schema observability;

create table observability.audit_trail (
  id bigserial primary key,
  at timestamptz not null default now(),
  tenant_id uuid not null,
  actor text not null,
  action text not null,
  entity_type text not null,
  entity_id uuid not null,
  details jsonb not null default '{}',
  act text
);

create table observability.access_log (
  id bigserial primary key,
  at timestamptz not null default now(),
  method text not null,
  path text not null,
  query text,
  route text,
  status smallint not null,
  user_id uuid,
  actor text,
  act text,
  duration_ms real not null,
  user_agent text
);
