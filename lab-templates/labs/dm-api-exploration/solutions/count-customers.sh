#!/bin/sh
# Counts the customers of a city, page by page:  count-customers.sh E-MAIL PASSWORD CITY PAGE-SIZE
set -eu
TOKEN=$(./token.sh "$1" "$2")
counted=0
cursor=
while :; do
  page=$(curl -sS --fail -G "$API_URL/api/v1/customers" -H "Authorization: Bearer $TOKEN" \
    --data-urlencode "city=$3" --data-urlencode "limit=$4" ${cursor:+--data-urlencode "cursor=$cursor"})
  counted=$((counted + $(printf %s "$page" | jq '.items | length')))
  cursor=$(printf %s "$page" | jq -r '.next_cursor // empty')
  [ -n "$cursor" ] || break
done
printf %s "$counted"
