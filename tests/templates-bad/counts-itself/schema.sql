create schema observability;
create table observability.calls (id int generated always as identity);
grant usage on schema observability to public;
grant select, insert on observability.calls to public;
create table towns (id int primary key, name text not null, people int not null);
insert into towns values (1, '?', 0), (2, 'Bergen', 285), (3, 'Siena', 53);
