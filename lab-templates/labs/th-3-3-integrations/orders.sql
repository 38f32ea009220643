-- What the shop keeps. Other systems insert orders with (id, customer, amount, card) and nothing else.
create table orders (
  id uuid primary key default gen_random_uuid(),
  customer text not null,
  amount numeric(10, 2) not null check (amount > 0),
  card text not null,
  status text not null default 'new'
    check (status in ('new', 'charging', 'charged', 'refused', 'pending', 'settled', 'disputed', 'cancelled')),
  created_at timestamptz not null default now()
);

-- One row for each time that the money of an order arrived. Finance adds these up.
create table settlements (
  id bigint generated always as identity primary key,
  order_id uuid not null references orders (id),
  event_id text not null,
  settled_at timestamptz not null default now()
);

insert into orders (customer, amount, card) values
  ('Ana Petrova', 49.90, 'card_visa'),
  ('Ben Adeyemi', 120.00, 'card_visa'),
  ('Chloe Martin', 15.50, 'card_expired'),
  ('Dev Kapoor', 79.00, 'card_master'),
  ('Emil Novak', 230.10, 'card_visa'),
  ('Farah Haddad', 64.99, 'card_master');
