#!/bin/sh
# Logs in and prints a token for the API:  TOKEN=$(./token.sh E-MAIL PASSWORD)
# The API's address is taken from API_URL; the lab's first page shows all three.
set -eu
if [ $# -ne 2 ] || [ -z "${API_URL:-}" ]; then
  echo "usage: API_URL=http://… $0 E-MAIL PASSWORD" >&2
  exit 2
fi
jq -n --arg email "$1" --arg password "$2" '{$email, $password}' |
  curl -sS --fail "$API_URL/api/v1/auth/login" -H 'content-type: application/json' -d @- |
  jq -er '.access_token // empty'
