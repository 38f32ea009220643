create table chores (name text);
