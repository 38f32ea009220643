create table parking (step text primary key, seconds float8 not null);
create table reached (step text primary key);
create table fired (name text not null);
create table chores (name text not null);
