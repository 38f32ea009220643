-- What the module needs: its table with some months of notes, and three accounts to try it with.

create table customer_notes (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references tenants (id),
  customer_id uuid not null references customers (id),
  author_id uuid not null references users (id),
  category text not null default 'call' check (category in ('call', 'visit', 'billing', 'complaint')),
  subject text not null check (subject <> ''),
  body text not null default '',
  created_at timestamptz not null default now()
);
comment on table customer_notes is 'What was said and agreed with a customer, for the next colleague who talks to them';

insert into customer_notes (tenant_id, customer_id, author_id, category, subject, body, created_at)
select c.tenant_id, c.id, u.id, kind.category, kind.subject, kind.body,
       timestamptz '2025-03-01' + make_interval(hours => (c.place * 17 + kind.place * 5)::int)
from (select *, row_number() over (order by account_number, id) as place from customers) c
join lateral (select id from users where tenant_id = c.tenant_id and role = 'support' order by id limit 1) u on true
join (values
  (1, 'call',      'Asked about the new tariff',  'Wants to hear from us before the contract ends. Prefers to be called after 17:00.'),
  (2, 'visit',     'Router replaced',             'Technician was there, signal is < 60 dB now & stable. Old device taken along.'),
  (3, 'billing',   'Pays by direct debit',        'Account changed by phone after the security question. Last four digits checked.'),
  (4, 'complaint', 'Line drops in the evening',   'Third call in a month. Promised a credit, "and no more excuses".'),
  (5, 'call',      'Key is with the neighbour',   'For the technician: ring at number 14, they have the key to the cellar.')
) kind (place, category, subject, body) on (c.place + kind.place) % 3 = 0
where c.status <> 'prospect';

create index customer_notes_by_age on customer_notes (tenant_id, created_at, id);
create index customer_notes_of_customer on customer_notes (customer_id);

-- All three: password "attack-it-first".
insert into users (id, tenant_id, email, name, role, permissions, password_hash)
select a.id::uuid, t.id, a.email, a.name, a.role, a.permissions::text[],
       '6c6162777269676874206e6f74657321:0cfb38f032f908638d54f6a0b3b0d8974ee285ea6a3ef4014e3691031d53620a'
from (values
  ('7a1e0000-0000-4000-8000-0000000000a1', true,  'reader@dotmac.example',  'Rita Reader',   'support', '{customer:read}'),
  ('7a1e0000-0000-4000-8000-0000000000a2', true,  'cashier@dotmac.example', 'Carl Cashier',  'billing', '{invoice:read,payment:read}'),
  ('7a1e0000-0000-4000-8000-0000000000a3', false, 'mallory@rival.example',  'Mallory Rival', 'admin',   '{customer:*}')
) a (id, ours, email, name, role, permissions)
join lateral (
  select id from tenants
  where (id = '7e000000-0000-4000-8000-000000000001') = a.ours order by slug limit 1
) t on true;
