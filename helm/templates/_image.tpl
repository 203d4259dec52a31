{{/* A digest says exactly what runs, so it wins over a tag. A registry takes the place of the one in the repository. */}}
{{- define "meltemi.image" -}}
{{- $registry := .Values.image.registry | default (get (.Values.global | default dict) "imageRegistry") -}}
{{- with .Values.image -}}
{{- $repository := .repository -}}
{{- if $registry -}}
{{- $repository = printf "%s/%s" $registry (regexReplaceAll "^(localhost|[^/]*[.:][^/]*)/" .repository "") -}}
{{- end -}}
{{- if .digest -}}
{{- printf "%s@%s" $repository .digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}
