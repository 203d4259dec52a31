{{/* A name of at most 63 characters. A longer one keeps its beginning; a hash keeps it apart from others that begin alike. */}}
{{- define "meltemi.cut" -}}
{{- if gt (len .) 63 -}}
{{- printf "%s-%s" (. | trunc 54 | trimSuffix "-") (sha256sum . | trunc 8) -}}
{{- else -}}
{{- . | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "meltemi.name" -}}
{{- include "meltemi.cut" (default .Chart.Name .Values.nameOverride) -}}
{{- end -}}

{{- define "meltemi.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- include "meltemi.cut" .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- include "meltemi.cut" .Release.Name -}}
{{- else -}}
{{- include "meltemi.cut" (printf "%s-%s" .Release.Name $name) -}}
{{- end -}}
{{- end -}}

{{- define "meltemi.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* For what lies outside the chart's own namespace, where one of the same name in another namespace has its own. No namespace has a colon. */}}
{{- define "meltemi.outsideName" -}}
{{- include "meltemi.cut" (printf "%s:%s" (include "meltemi.namespace" .) (include "meltemi.fullname" .)) -}}
{{- end -}}

{{- define "meltemi.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "meltemi.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: name the ServiceAccount to use in serviceAccount.name" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "meltemi.policyName" -}}
{{- include "meltemi.cut" (printf "%s-policy" (include "meltemi.fullname" .)) -}}
{{- end -}}

{{- define "meltemi.metricsReaderName" -}}
{{- include "meltemi.cut" (printf "%s:%s-metrics-reader" (include "meltemi.namespace" .) (include "meltemi.fullname" .)) -}}
{{- end -}}

{{- define "meltemi.statusReaderName" -}}
{{- include "meltemi.cut" (printf "%s:%s-status-reader" (include "meltemi.namespace" .) (include "meltemi.fullname" .)) -}}
{{- end -}}

{{- define "meltemi.statusPageName" -}}
{{- include "meltemi.cut" (printf "%s-status" (include "meltemi.fullname" .)) -}}
{{- end -}}

{{- define "meltemi.statusPageReaderName" -}}
{{- include "meltemi.cut" (printf "%s:%s-status-page-reader" (include "meltemi.namespace" .) (include "meltemi.fullname" .)) -}}
{{- end -}}

{{- define "meltemi.dashboardName" -}}
{{- include "meltemi.cut" (printf "%s-dashboard" (include "meltemi.fullname" .)) -}}
{{- end -}}
