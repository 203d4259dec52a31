{{/* Whether a kind of the Prometheus operator is to be made: when it is wanted, and the cluster knows it or the user insists. */}}
{{- define "meltemi.wanted" -}}
{{- if and .monitor.enabled (or .monitor.force (.capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}yes{{- end -}}
{{- end -}}

{{/* What ServiceMonitor and PodMonitor have in common. */}}
{{- define "meltemi.endpoint" -}}
{{- $endpoint := dict "port" "http-metrics" "path" "/metrics" -}}
{{- with .interval }}{{ $_ := set $endpoint "interval" . }}{{ end -}}
{{- with .scrapeTimeout }}{{ $_ := set $endpoint "scrapeTimeout" . }}{{ end -}}
{{- toYaml (list (merge (deepCopy .endpoint) $endpoint)) -}}
{{- end -}}

{{- define "meltemi.checkMonitors" -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "enable serviceMonitor or podMonitor: with both, everything would be scraped twice" -}}
{{- end -}}
{{- if not (include "meltemi.metricsPort" .) -}}
{{- fail "config.metricsBindAddress is 0: there are no metrics for a monitor" -}}
{{- end -}}
{{- end -}}
