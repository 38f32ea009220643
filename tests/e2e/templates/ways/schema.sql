create table notes (id int primary key, text text not null);
insert into notes values (1, 'one'), (2, 'two');
