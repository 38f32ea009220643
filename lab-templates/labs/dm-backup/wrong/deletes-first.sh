cd "$(dirname "$0")"
mkdir -p backups
keep=$(cat keep 2> /dev/null || echo 7)
ls -t backups/db-*.dump 2> /dev/null | tail -n "+$keep" | xargs --no-run-if-empty rm --
pg_dump --format=custom --compress=9 --file="backups/db-$(date +%Y%m%d-%H%M%S).dump" "$DATABASE_URL"
