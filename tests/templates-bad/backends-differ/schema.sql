create table towns (id int primary key, name text not null, people int not null);
insert into towns values (1, '?', 0), (2, 'Bergen', 285), (3, 'Siena', 53);
