-- Which tables have how many dead rows, and when were they last looked after?
SELECT relname, n_live_tup, n_dead_tup, last_vacuum, last_autovacuum, last_analyze
FROM pg_stat_user_tables
WHERE schemaname = 'public'
ORDER BY n_live_tup DESC;

-- The curriculum's own question. Does it still work?
-- SELECT query, calls, total_time, mean_time, stddev_time
-- FROM pg_stat_statements
-- ORDER BY total_time DESC
-- LIMIT 20;
