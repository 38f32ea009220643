-- left from trying it out
update towns
  set name = $1
  where id = 1;
