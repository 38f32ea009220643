-- Runs in each lab's own database, with its parameters.
create table greetings (word text not null);
insert into greetings values (:'word');
