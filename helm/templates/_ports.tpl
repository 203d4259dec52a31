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
{{- include "meltemi.portOf" ((.Values.config).metricsBindAddress | default ":8080") -}}
{{- end -}}

{{- define "meltemi.metricsSecure" -}}
{{- if and (include "meltemi.metricsPort" .) (ne (toString (.Values.config).metricsSecure) "false") -}}yes{{- end -}}
{{- end -}}

{{/* Its name tells Istio the protocol. */}}
{{- define "meltemi.metricsPortName" -}}
{{- ternary "https-metrics" "http-metrics" (eq (include "meltemi.metricsSecure" .) "yes") -}}
{{- end -}}

{{/* Empty on a loopback address too: only kubectl port-forward reaches that one, and it needs no port of the container. */}}
{{- define "meltemi.statusPort" -}}
{{- $address := toString ((.Values.config).statusBindAddress | default "0") -}}
{{- if not (regexMatch "^(127\\.|localhost:|\\[::1\\])" $address) -}}
{{- include "meltemi.portOf" $address -}}
{{- end -}}
{{- end -}}

{{/* Whether the API server is asked who may read something. */}}
{{- define "meltemi.authorizes" -}}
{{- if or (include "meltemi.metricsSecure" .) (include "meltemi.statusPort" .) -}}yes{{- end -}}
{{- end -}}

{{- define "meltemi.healthPort" -}}
{{- include "meltemi.portOf" ((.Values.config).healthProbeBindAddress | default ":8081") -}}
{{- end -}}
