create table orders (id text primary key, status text not null default 'new');
create table hooks (order_id text not null);
create table notes (body text not null);
create table fired (name text not null);
create table words (word text not null);
