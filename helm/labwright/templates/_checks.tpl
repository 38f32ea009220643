{{/* What a schema cannot say: values that do not go together. Each message names them and what would do. */}}
{{- define "labwright.checks" -}}
{{- if and .Values.postgresql.bundled (not .Values.secret.generate) (not .Values.secret.name) }}
{{- fail "postgresql.bundled: the bundled server needs a password. Set secret.generate=true, or secret.name to a Secret of yours with POSTGRES_PASSWORD and INSTALLATION_KEY." }}
{{- end }}
{{- if and .Values.secret.generate (not .Values.postgresql.bundled) }}
{{- fail "secret.generate: found true without postgresql.bundled. A generated Secret knows no database: put DATABASE_URL and INSTALLATION_KEY into a Secret of yours and name it in secret.name." }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.host: found nothing, and ingress.enabled is true. Give the API's name, such as labwright.example.org." }}
{{- end }}
{{- if and .Values.ingress.enabled .Values.ingress.labs.enabled (not .Values.labsUrl) }}
{{- fail "labsUrl: found nothing, and ingress.labs.enabled is true. Give what browsers call the labs' pages, such as https://labs.example.org, or set ingress.labs.enabled=false." }}
{{- end }}
{{- if and .Values.api.autoscaling.enabled (gt (int .Values.api.autoscaling.min) (int .Values.api.autoscaling.max)) }}
{{- fail (printf "api.autoscaling: found min %v above max %v." .Values.api.autoscaling.min .Values.api.autoscaling.max) }}
{{- end }}
{{- range $name := list "DATABASE_URL" "REDIS_URL" "INSTALLATION_KEY" }}
{{- if hasKey $.Values.settings $name }}
{{- fail (printf "settings.%s: settings are readable by all who may read ConfigMaps. Put it into the Secret %s." $name (include "labwright.secret" $)) }}
{{- end }}
{{- end }}
{{- range $name := list "HOST" "PORT" "LABS_PORT" "METRICS_PORT" "DATA_DIR" "ROLES" "DRAIN_SECONDS" "CONCURRENCY" "LABS_URL" "LABWRIGHT_IMAGE" "WORKSPACE_IMAGE" "POSTGRES_IMAGE" "REDIS_IMAGE" "KUBERNETES_OWN_LABELS" "KUBECONFIG" }}
{{- if hasKey $.Values.settings $name }}
{{- fail (printf "settings.%s: this chart sets it itself, from values of its own." $name) }}
{{- end }}
{{- end }}
{{- end }}
