{{/* Whether a kind of the Prometheus operator is to be made: when it is wanted, and the cluster knows it or the user insists. */}}
{{- define "meltemi.wanted" -}}
{{- if and .monitor.enabled (or .monitor.force (.capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}yes{{- end -}}
{{- end -}}

{{/* What ServiceMonitor and PodMonitor have in common. A self-signed certificate proves nothing, so it is not looked at. */}}
{{- define "meltemi.endpoint" -}}
{{- $own := .monitor.endpoint | default dict -}}
{{- $endpoint := dict "port" (include "meltemi.metricsPortName" .root) "path" "/metrics" -}}
{{- if include "meltemi.metricsSecure" .root -}}
{{- $_ := set $endpoint "scheme" "https" -}}
{{- if not (hasKey $own "tlsConfig") -}}
{{- $_ := set $endpoint "tlsConfig" (dict "insecureSkipVerify" true) -}}
{{- end -}}
{{- end -}}
{{- with .monitor.interval }}{{ $_ := set $endpoint "interval" . }}{{ end -}}
{{- with .monitor.scrapeTimeout }}{{ $_ := set $endpoint "scrapeTimeout" . }}{{ end -}}
{{- toYaml (list (merge (deepCopy $own) $endpoint (.more | default dict))) -}}
{{- end -}}

{{/* Whether an endpoint says whose token is to be sent. */}}
{{- define "meltemi.tokenGiven" -}}
{{- $own := .endpoint | default dict -}}
{{- if or (hasKey $own "authorization") (hasKey $own "bearerTokenFile") (hasKey $own "bearerTokenSecret") -}}yes{{- end -}}
{{- end -}}

{{- define "meltemi.checkMonitors" -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "enable serviceMonitor or podMonitor: with both, everything would be scraped twice" -}}
{{- end -}}
{{- if not (include "meltemi.metricsPort" .) -}}
{{- fail "config.metricsBindAddress is 0: there are no metrics for a monitor" -}}
{{- end -}}
{{- end -}}
