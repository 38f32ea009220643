#!/bin/sh
# Reads from the API with your token:  ./api.sh '/api/v1/customers?q=smith'
# It only ever sends GET. What it prints is one page: look at next_cursor.
set -eu
if [ $# -ne 1 ] || [ -z "${API_URL:-}" ] || [ -z "${TOKEN:-}" ]; then
  echo "usage: API_URL=http://… TOKEN=… $0 PATH" >&2
  exit 2
fi
curl -sS "$API_URL$1" -H "Authorization: Bearer $TOKEN" | jq .
