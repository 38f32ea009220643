-- Your view. Run the file as often as you like; the first line removes what the last run made.
DROP VIEW IF EXISTS customer_overview;

-- CREATE VIEW customer_overview AS
-- SELECT c.account_number, ...
-- FROM customers c
-- ...
