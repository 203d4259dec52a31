{{- define "meltemi.subjects" -}}
- kind: ServiceAccount
  name: {{ include "meltemi.serviceAccountName" . | quote }}
  namespace: {{ include "meltemi.namespace" . | quote }}
{{- end -}}

{{/*
The Roles by namespace, as YAML: in each the parts of the table of rights that hold there. A namespace may be several things at a time, and
gets one Role all the same.
*/}}
{{- define "meltemi.roles" -}}
{{- $roles := dict (include "meltemi.namespace" .) (list "own") -}}
{{- range .Values.istioNamespaces -}}
{{- $_ := set $roles . (append (get $roles . | default list) "istio") -}}
{{- end -}}
{{- range .Values.namespaces -}}
{{- $_ := set $roles . (append (get $roles . | default list) "namespaces") -}}
{{- end -}}
{{- toYaml $roles -}}
{{- end -}}

{{/* Readers as subjects of a binding. A ServiceAccount without a namespace is of the chart's own. Of: subjects, root. */}}
{{- define "meltemi.readers" -}}
{{- range .subjects }}
- kind: {{ .kind }}
  name: {{ .name | quote }}
  {{- if eq .kind "ServiceAccount" }}
  namespace: {{ .namespace | default (include "meltemi.namespace" $.root) | quote }}
  {{- else }}
  apiGroup: rbac.authorization.k8s.io
  {{- end }}
{{- end }}
{{- end -}}

{{/* The Roles of readers by namespace, as YAML, where Meltemi manages some namespaces only. */}}
{{- define "meltemi.statusRoles" -}}
{{- $roles := dict (include "meltemi.namespace" .) (list "own") -}}
{{- range .Values.namespaces -}}
{{- $_ := set $roles . (append (get $roles . | default list) "namespaces") -}}
{{- end -}}
{{- toYaml $roles -}}
{{- end -}}
