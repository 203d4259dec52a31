{{/* The port of an address to listen on; empty where nothing listens. */}}
{{- define "meltemi.portOf" -}}
{{- $address := toString . -}}
{{- if ne $address "0" -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" $address -}}
{{- fail (printf "%s cannot be reached from outside the container; use :%s, or 0 to turn it off" $address (regexFind "[0-9]+$" $address)) -}}
{{- end -}}
{{- regexFind "[0-9]+$" $address -}}
{{- end -}}
{{- end -}}

{{- define "meltemi.metricsPort" -}}
{{- include "meltemi.portOf" (.Values.config.metricsBindAddress | default ":8080") -}}
{{- end -}}

{{- define "meltemi.metricsSecure" -}}
{{- if and (include "meltemi.metricsPort" .) (ne (toString .Values.config.metricsSecure) "false") -}}yes{{- end -}}
{{- end -}}

{{/* Its name tells Istio the protocol. */}}
{{- define "meltemi.metricsPortName" -}}
{{- ternary "https-metrics" "http-metrics" (eq (include "meltemi.metricsSecure" .) "yes") -}}
{{- end -}}

{{- define "meltemi.healthPort" -}}
{{- include "meltemi.portOf" (.Values.config.healthProbeBindAddress | default ":8081") -}}
{{- end -}}
