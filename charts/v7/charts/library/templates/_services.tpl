{{- /* A service for each name under which others ask for it: a group answers for its modules. */ -}}
{{- define "library.services" -}}
{{- range .module.services }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ ternary .name (printf "%s-%s" $.root.Release.Name .name) (not (empty .whole)) }}
  namespace: {{ $.root.Release.Namespace }}
  labels: {{- include "library.labels" $ | nindent 4 }}
  {{- with $.values.serviceAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- else }}
  type: {{ default "ClusterIP" $.values.serviceType }}
  {{- end }}
  selector: {{- include "library.selector" $ | nindent 4 }}
  ports:
  {{- range .ports }}
    - { name: p{{ . }}, port: {{ . }}, targetPort: {{ . }} }
  {{- end }}
{{- end }}
{{- end }}

{{- define "library.budget" -}}
{{- if and (eq .module.kind "Deployment") (not .module.single) (or (gt (int .values.replicas) 1) ((default dict .values.autoscaling).enabled)) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "library.metadata" . }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "library.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "library.autoscaler" -}}
{{- if (default dict .values.autoscaling).enabled -}}
{{- if or .module.single (ne .module.kind "Deployment") }}{{ fail (printf "%s.autoscaling.enabled: only one of it may run" .root.Chart.Name) }}{{ end -}}
{{- if and .global.checkCluster (lookup "v1" "ServiceAccount" .root.Release.Namespace "default") (not (lookup "apiregistration.k8s.io/v1" "APIService" "" "v1beta1.metrics.k8s.io")) }}{{ fail (printf "%s.autoscaling.enabled: this cluster has no metrics server, so nobody knows what its pods use. Install it (https://github.com/kubernetes-sigs/metrics-server), or set replicas" .root.Chart.Name) }}{{ end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "library.metadata" . }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: {{ .module.kind }}, name: {{ .name }} }
  minReplicas: {{ .values.autoscaling.minReplicas }}
  maxReplicas: {{ .values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ .values.autoscaling.cpuPercent }} } }
  behavior:
    scaleDown: { stabilizationWindowSeconds: 300 }
{{- end }}
{{- end }}
