-- Empty: what is restored here comes from a dump.
select 1;
