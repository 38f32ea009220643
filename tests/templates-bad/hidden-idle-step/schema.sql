create table towns (id int primary key, name text not null, people int not null, signed boolean not null default false);
insert into towns (id, name, people) values (1, '?', 0), (2, 'Bergen', 285), (3, 'Siena', 53);
