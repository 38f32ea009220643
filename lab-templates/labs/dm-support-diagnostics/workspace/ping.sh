#!/bin/sh
# ping from inside Northlink's network, by its looking glass:  ./ping.sh HOST
# From your desk you cannot reach a customer's gateway; Northlink can. LOOKING_GLASS is its address.
set -eu
if [ $# -ne 1 ] || [ -z "${LOOKING_GLASS:-}" ]; then
  echo "usage: LOOKING_GLASS=http://… $0 HOST" >&2
  exit 2
fi
curl -sS "$LOOKING_GLASS/v1/ping/$1" | jq -r '.lines[]'
