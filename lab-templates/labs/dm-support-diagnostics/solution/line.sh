#!/bin/sh
# where | hop: what the four tools say together. $2 is the looking glass, $3 the gateway.
set -eu
failing() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$glass/v1/$1/$gateway")" -ge 500 ]; }
what=$1 glass=$2 gateway=$3
way=$(curl -s "$glass/v1/traceroute/$gateway" | jq -r '.lines[1:][]' | grep -v '\*' | tail -1 | awk '{ print $2 }')
if [ "$what" = hop ]; then
  printf %s "$way"
elif failing ping; then
  case $way in
    an-*) printf %s 'Between the access node and the gateway' ;;
    *) printf %s "Inside Northlink's network, before the access node" ;;
  esac
elif failing nslookup; then
  printf %s "The gateway's name leads nowhere, the line is fine"
elif failing gateways; then
  printf %s 'The gateway is reached, its own service does not answer'
fi
