{{/* Constraints of spread, each without a labelSelector completed with that of our pods. */}}
{{- define "meltemi.topologySpreadConstraints" -}}
{{- $selector := dict "matchLabels" (include "meltemi.selectorLabels" . | fromYaml) -}}
{{- $complete := list -}}
{{- range .Values.topologySpreadConstraints -}}
{{- $complete = append $complete (merge (deepCopy .) (dict "labelSelector" $selector)) -}}
{{- end -}}
{{- toYaml $complete -}}
{{- end -}}

{{/* The affinity, each term about pods that has no labelSelector completed in the same way. */}}
{{- define "meltemi.affinity" -}}
{{- $selector := dict "matchLabels" (include "meltemi.selectorLabels" . | fromYaml) -}}
{{- $affinity := deepCopy .Values.affinity -}}
{{- range $kind := list "podAffinity" "podAntiAffinity" -}}
{{- $rules := get $affinity $kind | default dict -}}
{{- range get $rules "requiredDuringSchedulingIgnoredDuringExecution" | default list -}}
{{- if not .labelSelector }}{{ $_ := set . "labelSelector" $selector }}{{ end -}}
{{- end -}}
{{- range get $rules "preferredDuringSchedulingIgnoredDuringExecution" | default list -}}
{{- if not .podAffinityTerm.labelSelector }}{{ $_ := set .podAffinityTerm "labelSelector" $selector }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml $affinity -}}
{{- end -}}
