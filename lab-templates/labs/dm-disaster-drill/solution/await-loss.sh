# Ends when production is gone and there again, with nothing in it.
is_there() { [ "$(kubectl get namespace "$PRODUCTION_NAMESPACE" --output jsonpath='{.status.phase}' 2> /dev/null)" = Active ]; }
is_empty() { objects=$(kubectl get deployments,statefulsets,services --output name 2> /dev/null) && [ -z "$objects" ]; }
until is_there && is_empty; do sleep 1; done
