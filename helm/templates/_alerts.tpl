{{/* The alerts, as YAML. */}}
{{- define "meltemi.alerts" -}}
{{- $own := printf "namespace=%q" (include "meltemi.namespace" .) }}
- alert: MeltemiDown
  expr: absent(meltemi_build_info{ {{- $own -}} })
  for: 10m
  labels:
    severity: critical
  annotations:
    summary: Meltemi does not run or cannot be scraped.
    description: Prometheus has seen no Meltemi in namespace {{ include "meltemi.namespace" . }} for 10 minutes. Outdated sidecars stay as they are meanwhile.
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemidown
- alert: MeltemiNoLeader
  expr: max(meltemi_leader{ {{- $own -}} }) == 0
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: No Meltemi leads, so nothing is restarted.
    description: No replica in namespace {{ include "meltemi.namespace" . }} has held the Lease for 5 minutes.
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#melteminoleader
# what people keep from being restarted is no backlog; a gap, as when the leader changes, does not begin the time anew
- alert: MeltemiProxiesOutdated
  expr: |-
    max(max_over_time(meltemi_workloads{state="outdated", {{ $own }}}[15m]))
      - (sum(max by (reason) (meltemi_waiting_workloads{reason=~"opted-out|not-opted-in|excluded|window|freeze", {{ $own }}})) or vector(0))
      > 0
  for: {{ .Values.prometheusRule.outdatedFor }}
  labels:
    severity: warning
  annotations:
    summary: Workloads have had an outdated sidecar for a long time.
    description: {{ printf "%s workloads have waited for %s or longer. The metric meltemi_waiting_workloads has the reasons." "{{ $value }}" .Values.prometheusRule.outdatedFor | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiproxiesoutdated
- alert: MeltemiRestartsHalted
  expr: max(meltemi_halted_runs{ {{- $own -}} }) > 0
  labels:
    severity: critical
  annotations:
    summary: Too many restarts failed; no more are made.
    description: {{ printf "%s runs are halted: their failure budget is spent, or new pods became ready without their sidecar." "{{ $value }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemirestartshalted
- alert: MeltemiRestartsFailing
  expr: sum by (kind, result) (increase(meltemi_restarts_total{result=~"failed|reverted", {{ $own -}} }[1h])) > 0
  labels:
    severity: warning
  annotations:
    summary: Restarts did not bring the expected sidecar.
    description: {{ printf "Within an hour %s restarts of kind %s ended as %s. Each has an Event RestartFailed on its workload." "{{ $value | humanize }}" "{{ $labels.kind }}" "{{ $labels.result }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemirestartsfailing
- alert: MeltemiInjectorUnreachable
  expr: max(meltemi_injectors_unreachable{ {{- $own -}} }) > 0
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: An Istio injector does not answer.
    description: {{ printf "%s injectors have not answered for 15 minutes; their workloads are neither judged nor restarted, and new pods may be refused." "{{ $value }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiinjectorunreachable
# new pods of such a workload may be refused today, and nothing else says so
- alert: MeltemiWorkloadsUnknown
  expr: max(meltemi_workloads{state="unknown", {{ $own }}}) > 0
  for: 30m
  labels:
    severity: warning
  annotations:
    summary: Injectors give no usable answer for some workloads.
    description: {{ printf "For 30 minutes %s workloads have had the verdict unknown. Their injector rejects their pods, or does not answer. New pods may not start." "{{ $value }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiworkloadsunknown
- alert: MeltemiWebhooksConflict
  expr: max(meltemi_workloads{state="conflict", {{ $own }}}) > 0
  for: 30m
  labels:
    severity: warning
  annotations:
    summary: Several injectors match the same pods.
    description: {{ printf "For 30 minutes several webhook entries have matched the pods of %s workloads. It is left to chance which sidecar new pods get." "{{ $value }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiwebhooksconflict
- alert: MeltemiWatchStale
  expr: max by (pod) (meltemi_watch_stale{ {{- $own -}} }) > 0
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: Meltemi cannot watch objects that decide which sidecar pods get.
    description: {{ printf "For 15 minutes %s has not been able to watch something that every decision rests on; nothing is restarted. The log and /readyz name it." "{{ $labels.pod }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiwatchstale
# over all replicas, as the leader may have changed within the hour
- alert: MeltemiScansFailing
  expr: |-
    sum(increase(meltemi_scans_total{result="error", {{ $own }}}[1h])) > 0
      and sum(increase(meltemi_scans_total{result="success", {{ $own }}}[1h])) == 0
  for: 10m
  labels:
    severity: warning
  annotations:
    summary: Meltemi cannot read workloads and pods.
    description: {{ printf "Within an hour %s scans failed and none succeeded. Meltemi restarts nothing new meanwhile. The log names the cause." "{{ $value | humanize }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiscansfailing
- alert: MeltemiGateClosed
  expr: max(meltemi_gates_closed_long{ {{- $own -}} }) > 0
  for: 5m
  labels:
    severity: warning
  annotations:
    summary: A control plane has been half-way through an upgrade for 30 minutes.
    description: {{ printf "%s gates have been closed for 30 minutes or longer; the Event GateClosed names them." "{{ $value }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemigateclosed
# what people hold themselves, by pausing or until the night, is not stuck
- alert: MeltemiWaveStuck
  expr: |-
    max by (wave) (meltemi_wave_state{state="failed", {{ $own }}}) > 0
      or
    (
      max by (wave) (meltemi_wave_state{state="running", {{ $own }}}) > 0
        and on (wave)
      max by (wave) (meltemi_wave_state{state="running", {{ $own }}} offset 45m) > 0
        unless on (wave)
      sum by (wave) (changes(meltemi_wave_workloads{state=~"current|in-flight", {{ $own }}}[45m])) > 0
        unless on ()
      max(meltemi_waiting_workloads{reason=~"operator-paused|window|freeze", {{ $own }}}) > 0
    )
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: A wave of restarts does not go on, and holds the next waves.
    description: {{ printf "Restarts have failed in wave %s, or for an hour none has begun or ended there. The next waves wait. Run meltemi plan to see what it waits for." "{{ $labels.wave }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemiwavestuck
- alert: MeltemiMetricGateClosed
  expr: max(meltemi_metric_gates_closed_long{ {{- $own -}} }) > 0
  for: 1m
  labels:
    severity: warning
  annotations:
    summary: A metric gate of the policy has kept restarts waiting for longer than its time limit.
    description: {{ printf "%s metric gates have been closed for longer than their timeLimit; the Event MetricGateClosed names them." "{{ $value }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemimetricgateclosed
- alert: MeltemiNotificationsFailing
  expr: sum by (receiver) (increase(meltemi_notifications_total{result="failed", {{ $own -}} }[1h])) > 0
  labels:
    severity: warning
  annotations:
    summary: Notifications were not delivered, and are not tried again.
    description: {{ printf "Within an hour %s notifications to receivers of the kind %s were given up. The log names the receiver and the problem." "{{ $value | humanize }}" "{{ $labels.receiver }}" | quote }}
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#melteminotificationsfailing
- alert: MeltemiPolicyInvalid
  expr: max(meltemi_policy_invalid{ {{- $own -}} }) > 0
  for: 5m
  labels:
    severity: warning
  annotations:
    summary: The policy file is not valid; the last valid one stays in force.
    description: The policy in namespace {{ include "meltemi.namespace" . }} is not valid any more. The Event PolicyRejected says what is wrong with it.
    runbook_url: {{ .Values.prometheusRule.runbookUrl }}#meltemipolicyinvalid
{{- end -}}

{{/* The same with the changes of prometheusRule.alerts. */}}
{{- define "meltemi.wantedAlerts" -}}
{{- $all := include "meltemi.alerts" . | fromYamlArray -}}
{{- $names := list -}}
{{- range $all }}{{ $names = append $names .alert }}{{ end -}}
{{- $changes := .Values.prometheusRule.alerts | default dict -}}
{{- range $name := keys $changes | sortAlpha -}}
{{- if not (has $name $names) -}}
{{- fail (printf "prometheusRule.alerts: there is no alert %q. The alerts are %s" $name (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- $wanted := list -}}
{{- range $all -}}
{{- $change := get $changes .alert | default dict -}}
{{- if not $.Values.prometheusRule.runbookUrl }}{{ $_ := unset .annotations "runbook_url" }}{{ end -}}
{{- if ne (toString $change.enabled) "false" -}}
{{- $wanted = append $wanted (mergeOverwrite . (omit $change "enabled")) -}}
{{- end -}}
{{- end -}}
{{- toYaml $wanted -}}
{{- end -}}
