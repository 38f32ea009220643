#!/bin/sh
# where | hop: what the four tools say together. $2 is the looking glass, $3 the gateway.
set -eu
what=$1 glass=$2 gateway=$3
status() { curl -s -o /dev/null -w '%{http_code}' "$glass/v1/$1/$gateway"; }
way=$(curl -s "$glass/v1/traceroute/$gateway" | jq -r '.lines[1:][]' | grep -v '\*' | tail -1 | awk '{ print $2 }')
if [ "$what" = hop ]; then
  printf %s "$way"
  exit
fi
ping=$(status ping) name=$(status nslookup) service=$(status gateways)
if [ "$ping" -ge 500 ]; then
  case $way in
    an-*) printf %s 'Between the access node and the gateway' ;;
    *) printf %s "Inside Northlink's network, before the access node" ;;
  esac
elif [ "$name" -ge 500 ]; then
  printf %s "The gateway's name leads nowhere, the line is fine"
elif [ "$service" -ge 500 ]; then
  printf %s 'The gateway is reached, its own service does not answer'
fi
