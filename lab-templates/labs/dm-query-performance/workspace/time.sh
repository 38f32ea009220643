#!/bin/sh
# Sends the same request again and again, one after the other, and says how long the answers took, in milliseconds.
#   ./time.sh TOKEN URL [HOW OFTEN]
set -eu
if [ $# -lt 2 ]; then
  echo "usage: $0 TOKEN URL [HOW OFTEN]" >&2
  exit 2
fi
token=$1
url=$2
count=${3:-20}
sent=0
while [ "$sent" -lt "$count" ]; do
  curl -s -o /dev/null -w '%{time_total} %{http_code}\n' -H "Authorization: Bearer $token" "$url"
  sent=$((sent + 1))
done | LC_ALL=C sort -n | awk '
  { ms[NR] = $1 * 1000; status[$2]++ }
  function at(share,   n) { n = int(NR * share + 0.999999); return ms[n < 1 ? 1 : n] }
  END {
    printf "%d answers: p50 %.1f ms, p95 %.1f ms, slowest %.1f ms; status", NR, at(0.5), at(0.95), ms[NR]
    for (code in status) printf " %s: %d", code, status[code]
    print ""
  }'
