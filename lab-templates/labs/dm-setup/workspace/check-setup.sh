#!/bin/sh
# Verifies the setup, one thing after the other, and writes what the platform says of its health to health.json.
cd "$(dirname "$0")" || exit 1
good() { echo "ok       $1"; }
bad() { echo "missing  $1" >&2; exit 1; }

for tool in curl jq; do
  command -v "$tool" > /dev/null || bad "the program $tool"
  good "$tool"
done

[ -f dev.env ] || bad "dev.env: copy dev.env.example and fill it in"
setting() { sed -n "s/^ *$1=//p" dev.env | tail -n 1 | tr -d '\r'; }
url=$(setting API_URL)
[ -n "$url" ] || bad "API_URL in dev.env"
[ -n "$(setting API_USER)" ] || bad "API_USER in dev.env"
good "dev.env"

curl -sS --max-time 10 "$url/health" > health.json.new || bad "an answer from $url/health"
jq -e . health.json.new > /dev/null 2>&1 || bad "JSON from $url/health: is that the platform's address?"
mv health.json.new health.json
[ "$(jq -r .status health.json)" = ok ] || bad "a healthy platform; it says: $(jq -c . health.json)"
good "$url is healthy; see health.json"
