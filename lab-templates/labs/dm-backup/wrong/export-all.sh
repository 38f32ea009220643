mkdir -p backups
kubectl get all -o yaml > "backups/k8s-state-$(date +%Y%m%d-%H%M%S).yaml"
