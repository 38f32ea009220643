create table orders (id text primary key, total numeric not null, status text not null default 'new');
insert into orders (id, total) values ('o-1', 12.5), ('o-2', 40);
