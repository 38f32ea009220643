{{- define "labwright.name" -}}
{{- if contains "labwright" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-labwright" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "labwright.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "labwright.secret" -}}
{{ .Values.secret.name | default (include "labwright.name" .) }}
{{- end }}

{{- define "labwright.account" -}}
{{ .Values.serviceAccount.name | default (ternary (include "labwright.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{/* Of ClusterRoles and what else is not in a namespace: two releases in one cluster have their own. */}}
{{- define "labwright.clusterName" -}}
{{ printf "%s-%s" .Release.Namespace (include "labwright.name" .) | trunc 60 | trimSuffix "-" }}
{{- end }}

{{/* What labs let in: all pods of Labwright's own, and none of the servers beside it. */}}
{{- define "labwright.podLabels" -}}
app.kubernetes.io/name: labwright
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "labwright.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: labwright
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "labwright.podSecurity" -}}
runAsNonRoot: true
runAsUser: 999
runAsGroup: 999
fsGroup: 999
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "labwright.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "labwright.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* How the control database and the queue are reached: `$(…)` is filled in by the kubelet. */}}
{{- define "labwright.serverEnv" -}}
- name: INSTALLATION_KEY
  valueFrom: { secretKeyRef: { name: {{ include "labwright.secret" . }}, key: INSTALLATION_KEY } }
{{- if .Values.postgresql.bundled }}
- name: POSTGRES_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ include "labwright.secret" . }}, key: POSTGRES_PASSWORD } }
- name: DATABASE_URL
  value: postgres://labwright:$(POSTGRES_PASSWORD)@{{ include "labwright.name" . }}-postgresql:5432/labwright
{{- else }}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ include "labwright.secret" . }}, key: DATABASE_URL } }
{{- end }}
{{- if .Values.redis.bundled }}
- name: REDIS_URL
  value: redis://{{ include "labwright.name" . }}-redis:6379
{{- else }}
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ include "labwright.secret" . }}, key: REDIS_URL, optional: true } }
{{- end }}
{{- end }}

{{/* A pod of the API or of a worker. */}}
{{- define "labwright.pod" -}}
{{- $root := .root -}}
{{- $part := .part -}}
{{- $values := index $root.Values $part -}}
metadata:
  labels:
    {{- include "labwright.podLabels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $part }}
    app.kubernetes.io/part-of: labwright
    app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
  annotations:
    # Pods are made anew when what they are told changes.
    checksum/settings: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "labwright.account" $root }}
  enableServiceLinks: false
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  # Longer than DRAIN_SECONDS, what comes before it and what closing takes.
  terminationGracePeriodSeconds: {{ add $values.drainSeconds 20 }}
  securityContext:
    {{- include "labwright.podSecurity" $root | nindent 4 }}
  {{- include "labwright.pullSecrets" $root | nindent 2 }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "labwright.podLabels" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $part }}
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $part }}
      image: {{ include "labwright.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ $part }}]
      envFrom:
        - configMapRef: { name: {{ include "labwright.name" $root }} }
      env:
        {{- include "labwright.serverEnv" $root | nindent 8 }}
        - name: DRAIN_SECONDS
          value: {{ $values.drainSeconds | quote }}
        {{- if eq $part "worker" }}
        - name: CONCURRENCY
          value: {{ $values.concurrency | quote }}
        {{- end }}
        {{- with $root.Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- if eq $part "api" }}
        - { name: http, containerPort: 4000 }
        - { name: labs, containerPort: 4001 }
        {{- end }}
        - { name: metrics, containerPort: {{ $root.Values.metrics.port }} }
      # A first start waits for the database and may migrate it.
      startupProbe:
        httpGet: { path: /healthz, port: metrics }
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 90
      livenessProbe:
        httpGet: { path: /healthz, port: metrics }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: {{ ternary "http" "metrics" (eq $part "api") }} }
        periodSeconds: {{ ternary 5 10 (eq $part "api") }}
        timeoutSeconds: 5
        failureThreshold: 2
      {{- if eq $part "api" }}
      lifecycle:
        # Proxies learn that it goes before it goes.
        preStop: { sleep: { seconds: 5 } }
      {{- end }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      securityContext:
        {{- include "labwright.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /var/lib/labwright }
        - { name: tmp, mountPath: /tmp }
        {{- if $root.Values.exports.claim }}
        - { name: exports, mountPath: /var/lib/labwright/exports }
        {{- end }}
        {{- with $root.Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    # Nothing in it has to outlive the pod: what counts is in the control database.
    - { name: data, emptyDir: { sizeLimit: 2Gi } }
    - { name: tmp, emptyDir: { sizeLimit: 1Gi } }
    {{- with $root.Values.exports.claim }}
    - { name: exports, persistentVolumeClaim: { claimName: {{ . }} } }
    {{- end }}
    {{- with $root.Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
