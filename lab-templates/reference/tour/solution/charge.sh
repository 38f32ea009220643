#!/bin/sh
# Charges one order at the partner and says so in a file.
set -eu
curl -fsS -X POST "$PARTNER_URL/charges" -H 'content-type: application/json' -H "idempotency-key: $1" -d "{\"order\":\"$1\"}" > "charged-$1.json"
