{{/* Whether Meltemi may evict pods; the rights depend on it, and so does what it does with the update strategy OnDelete. */}}
{{- define "meltemi.eviction" -}}
{{- if .Values.eviction.enabled -}}yes{{- end -}}
{{- end -}}
