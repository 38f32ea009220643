-- Your views. Run the file as often as you like; the first line removes what the last run made.
DROP VIEW IF EXISTS kpi_summary, monthly_revenue;

-- CREATE VIEW kpi_summary AS
-- WITH recurring AS (
--   SELECT ...
-- )
-- SELECT recurring.mrr, ...
-- FROM recurring;

-- CREATE VIEW monthly_revenue AS
-- SELECT ...
