{{/* Each value under `config` that says something, as the variable of its flag: `maxInFlight` is MELTEMI_MAX_IN_FLIGHT. An empty list says "none". */}}
{{- define "meltemi.environment" -}}
{{- $config := .Values.config | default dict }}
{{- if not .Values.eviction.enabled }}
{{- $config = merge (dict "onDelete" "never") $config }}
{{- end }}
{{- range $name, $value := $config }}
{{- if and (not (kindIs "invalid" $value)) (ne (toString $value) "") }}
- name: {{ printf "MELTEMI_%s" (regexReplaceAll "([A-Z])" $name "_${1}" | upper) }}
  value: {{ ternary (join "," $value) (toString $value) (kindIs "slice" $value) | quote }}
{{- end }}
{{- end }}
- name: MELTEMI_POLICY
  value: /etc/meltemi/policy.yaml
{{- /* with rights in the whole cluster it finds istiods by itself, also those that istioNamespaces forgets, and says what it may not read there */}}
{{- with .Values.namespaces }}
- name: MELTEMI_NAMESPACES
  value: {{ join "," . | quote }}
- name: MELTEMI_ISTIO_NAMESPACES
  value: {{ join "," $.Values.istioNamespaces | quote }}
{{- end }}
{{- end -}}
