set -euo pipefail
cd "$(dirname "$0")"
mkdir -p backups
file=backups/db-$(date +%Y%m%d-%H%M%S).dump
# Under another name until it is whole; what is half made goes.
trap 'rm -f "$file.part"' EXIT
pg_dump --format=custom --data-only --compress=9 --file="$file.part" "$DATABASE_URL"
mv "$file.part" "$file"
keep=$(cat keep 2> /dev/null || echo 7)
ls -t backups/db-*.dump | tail -n +$((keep + 1)) | xargs --no-run-if-empty rm --
