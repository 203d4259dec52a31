{{/* Made from src/cluster/rights.ts: npm run docs */}}

{{- define "meltemi.rights.cluster" -}}
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list]
- apiGroups: [""]
  resources: [events]
  verbs: [list, create]
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [statefulsets, daemonsets]
  verbs: [get, list, patch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get]
{{- if include "meltemi.authorizes" . }}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}
{{- if include "meltemi.istio" . }}
- apiGroups: [networking.istio.io]
  resources: [proxyconfigs]
  verbs: [list, watch]
{{- end }}
{{- if .Values.flagger.enabled }}
- apiGroups: [flagger.app]
  resources: [canaries]
  verbs: [list]
{{- end }}
{{- if include "meltemi.sidecars" . }}
- apiGroups: [""]
  resources: [serviceaccounts]
  resourceNames: [replicaset-controller, statefulset-controller, daemon-set-controller, replication-controller]
  verbs: [get]
{{- end }}
{{- if .Values.argoRollouts.enabled }}
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, patch]
{{- end }}
{{- if .Values.eviction.enabled }}
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [replicationcontrollers]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
{{- end }}
{{- end }}

{{- define "meltemi.rights.istio" -}}
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
{{- if include "meltemi.istio" . }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch]
{{- end }}
{{- end }}

{{- define "meltemi.rights.own" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [meltemi]
  verbs: [get, update]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}

{{- define "meltemi.rights.scoped.cluster" -}}
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
{{- if include "meltemi.authorizes" . }}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}
{{- if include "meltemi.sidecars" . }}
- apiGroups: [""]
  resources: [serviceaccounts]
  resourceNames: [replicaset-controller, statefulset-controller, daemon-set-controller, replication-controller]
  verbs: [get]
{{- end }}
{{- end }}

{{- define "meltemi.rights.scoped.istio" -}}
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, watch]
{{- if include "meltemi.istio" . }}
- apiGroups: [networking.istio.io]
  resources: [proxyconfigs]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch]
{{- end }}
{{- end }}

{{- define "meltemi.rights.scoped.namespaces" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list]
- apiGroups: [""]
  resources: [events]
  verbs: [list, create]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, patch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get]
{{- if include "meltemi.istio" . }}
- apiGroups: [networking.istio.io]
  resources: [proxyconfigs]
  verbs: [list, watch]
{{- end }}
{{- if .Values.flagger.enabled }}
- apiGroups: [flagger.app]
  resources: [canaries]
  verbs: [list]
{{- end }}
{{- if .Values.argoRollouts.enabled }}
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, patch]
{{- end }}
{{- if .Values.eviction.enabled }}
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [replicationcontrollers]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
{{- end }}
{{- end }}

{{- define "meltemi.rights.scoped.own" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [meltemi]
  verbs: [get, update]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}

{{- define "meltemi.status.cluster" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [meltemi]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list]
- apiGroups: [""]
  resources: [pods, events]
  verbs: [list]
{{- if .Values.argoRollouts.enabled }}
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, watch]
{{- end }}
{{- if .Values.eviction.enabled }}
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [replicationcontrollers]
  verbs: [get, list, watch]
{{- end }}
{{- end }}

{{- define "meltemi.status.scoped.own" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [meltemi]
  verbs: [get, list, watch]
{{- end }}

{{- define "meltemi.status.scoped.namespaces" -}}
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list]
- apiGroups: [""]
  resources: [pods, events]
  verbs: [list]
{{- if .Values.argoRollouts.enabled }}
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, watch]
{{- end }}
{{- if .Values.eviction.enabled }}
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [replicationcontrollers]
  verbs: [get, list, watch]
{{- end }}
{{- end }}
