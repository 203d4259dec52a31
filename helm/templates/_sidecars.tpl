{{/* Which sidecars the policy keeps up to date; the rights depend on it. */}}
{{- define "meltemi.istio" -}}
{{- if ne (toString (get (.Values.policy | default dict) "istio")) "false" -}}yes{{- end -}}
{{- end -}}

{{- define "meltemi.sidecars" -}}
{{- if get (.Values.policy | default dict) "sidecars" -}}yes{{- end -}}
{{- end -}}
