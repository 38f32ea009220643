set -euo pipefail
in_vault() { kubectl --context vault exec -i deploy/backup -- "$@"; }
newest() { in_vault sh -c 'ls -t /backups/db-*.dump | head -n 1'; }
before=$(newest)
state=$(in_vault sh -c 'ls -t /backups/k8s-state-*.yaml | head -n 1')
in_vault cat "$state" | jq '
  .items |= map(
    del(.status, .metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .metadata.generation,
        .metadata.managedFields, .metadata.ownerReferences, .metadata.namespace, .spec.clusterIP, .spec.clusterIPs))' > /tmp/state.json

only() { jq --arg kinds "$1" '.items |= map(select(.kind as $k | $kinds | split(" ") | index($k)))' /tmp/state.json; }
# The database first; customers come in when it is whole.
only "Secret ConfigMap Service StatefulSet" | kubectl --context production apply -f -
kubectl --context production rollout status statefulset/postgres --timeout=120s
# Whatever is newest, once the empty database was backed up, too.
while [ "$(newest)" = "$before" ]; do sleep 1; done
dump=$(newest)
in_vault sh -c "pg_restore --clean --if-exists --no-owner --single-transaction --exit-on-error --dbname=\"\$DATABASE_URL\" $dump"
only Deployment | kubectl --context production apply -f -
kubectl --context production rollout status deployment/dotmac-api --timeout=120s
