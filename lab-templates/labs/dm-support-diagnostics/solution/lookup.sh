#!/bin/bash
# What the API's lists say about one customer, as one word or sentence. $2 is the API, $3 a token.
set -eu
what=$1 api=$2 token=$3
get() { curl -sS --fail -G "$api$1" -H "Authorization: Bearer $token" "${@:2}"; }
words() {
  case $1 in
    suspended) printf %s 'Suspended, because an invoice is not paid' ;;
    cancelled) printf %s 'Ended, because the customer asked for it' ;;
    pending) printf %s 'Ordered, and not active yet' ;;
  esac
}
case $what in
  mail-cause) words "$(get "/api/v1/status/customer/$4" | jq -r '[.services[] | select(.type == "internet")] | last | .status')" ;;
  mail-proof)
    invoice=$(get /api/v1/invoices -d "customer_id=$4" -d status=overdue | jq -r '.items[0].number // empty')
    if [ -z "$invoice" ]; then
      invoice=$(get /api/v1/tickets -d "customer_id=$4" -d category=service_change | jq -r '.items[0].number')
    fi
    printf %s "$invoice"
    ;;
  caller-id)
    for id in $(get /api/v1/customers --data-urlencode "phone=$4" | jq -r '.items[].id'); do
      if get /api/v1/tickets -d "customer_id=$id" | jq -e --arg subject "$5" 'any(.items[]; .subject == $subject)' > /dev/null; then
        printf %s "$id"
      fi
    done
    ;;
  tv-cause) words "$(get "/api/v1/status/customer/$4" | jq -r '.services[] | select(.type == "tv") | .status')" ;;
esac
