mkdir -p backups
kubectl get all,configmaps,secrets -o yaml > "backups/k8s-state-$(date +%Y%m%d-%H%M%S).yaml"
