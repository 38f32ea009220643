set -euo pipefail
cd "$(dirname "$0")"
mkdir -p backups
kubectl get deployments,statefulsets,services,configmaps,secrets -o json | jq '
  .items |= map(select(.metadata.name != "kube-root-ca.crt")
    | del(.status, .metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .metadata.generation,
          .metadata.managedFields, .metadata.namespace, .spec.clusterIP, .spec.clusterIPs))' \
  > "backups/k8s-state-$(date +%Y%m%d-%H%M%S).yaml"
