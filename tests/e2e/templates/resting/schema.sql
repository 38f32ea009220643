create table chores (name text);
create table fired (at timestamptz);
grant insert on fired to public;
