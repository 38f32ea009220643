set -euo pipefail
cd "$(dirname "$0")"
mkdir -p backups
file=backups/db-$(date +%Y%m%d-%H%M%S).dump
trap 'rm -f "$file.part"' EXIT
pg_dump --format=custom --compress=9 --file="$file.part" "$DATABASE_URL"
mv "$file.part" "$file"
keep=$(cat keep 2> /dev/null || echo 7)
# What is older than the oldest dump that stays cannot be of use to anybody.
oldest=$(ls -t backups/db-*.dump | head -n "$keep" | tail -n 1)
find backups -type f ! -newer "$oldest" ! -samefile "$oldest" -delete
