{{/* What a selector needs, and nothing that an upgrade changes. */}}
{{- define "meltemi.selectorLabels" -}}
app.kubernetes.io/name: {{ include "meltemi.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | quote }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "meltemi.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/part-of" "meltemi"
  "app.kubernetes.io/managed-by" .Release.Service
-}}
{{- toYaml (merge (include "meltemi.selectorLabels" . | fromYaml) $own (.Values.commonLabels | default dict)) -}}
{{- end -}}
