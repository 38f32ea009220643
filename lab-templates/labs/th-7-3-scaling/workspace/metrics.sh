#!/bin/bash
# The metrics of each ready pod of checkout.
for address in $(getent ahostsv4 "checkout-pods.$SHOP_NAMESPACE.svc" | cut -d' ' -f1 | sort -u); do
  echo "# $address"
  curl -s -m 2 "http://$address:8000/metrics" | grep -v '^#'
done
