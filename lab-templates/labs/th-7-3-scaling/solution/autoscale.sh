#!/bin/bash
# Follows the load: so many replicas that each is busy for 60 % of its time; never fewer than 2, never more than 6.
# Up at once, down when the newest looks agree.
low=2; high=6
file=decisions.csv
[ -s "$file" ] || echo time,busy,replicas > "$file"
declare -A before
last=$(date +%s%3N)
have=$(kubectl get deployment checkout -o jsonpath='{.spec.replicas}')
wished=()

# One line a pod: its address, the seconds that it was busy, how many wait.
look() {
  for address in $(getent ahostsv4 "checkout-pods.$SHOP_NAMESPACE.svc" | cut -d' ' -f1 | sort -u); do
    curl -s -m 2 "http://$address:8000/metrics" |
      awk -v a="$address" '$1 == "checkout_busy_seconds_total" { b = $2 } $1 == "checkout_waiting" { w = $2 } END { if (b != "") print a, b, w }' &
  done
  wait
}

while sleep 1; do
  seen=$(look)
  now=$(date +%s%3N)
  busy=0
  while read -r address total waiting; do
    [ -n "$address" ] || continue
    # A counter that has gone down is a new pod; a line of people is more than one pod can do.
    busy=$(awk -v b="$busy" -v t="$total" -v p="${before[$address]:-$total}" -v ms=$((now - last)) -v w="$waiting" \
      'BEGIN { d = (t - p) * 1000 / ms; if (d < 0) d = 0; print b + d + (w > 1 ? 0.5 : 0) }')
    before[$address]=$total
  done <<< "$seen"
  last=$now
  want=$(awk -v b="$busy" -v l=$low -v h=$high 'BEGIN { n = int(b / 0.6 + 0.999); if (n < l) n = l; if (n > h) n = h; print n }')
  wished=("$want" "${wished[@]:0:4}")
  most=$(printf '%s\n' "${wished[@]}" | sort -n | tail -1)
  next=$have
  if [ "$want" -gt "$have" ]; then next=$want; elif [ "$most" -lt "$have" ]; then next=$most; fi
  if [ "$next" != "$have" ]; then
    kubectl scale deployment checkout --replicas="$next" > /dev/null && have=$next
  fi
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ),$busy,$have" >> "$file"
done
