{{- /* Who reaches it: pods that share a network with it, as in compose. Only what is published is reached by all. */ -}}
{{- define "library.policy" -}}
{{- if .global.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "library.metadata" . }}
spec:
  podSelector:
    matchLabels: {{- include "library.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: {{- include "library.neighbours" . | nindent 8 }}
    {{- with .module.published }}
    - ports: {{- range . }}
        - { port: {{ . }} }
      {{- end }}
      {{- with $.global.networkPolicy.from }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- if and .module.metrics .global.monitoring.namespace }}
    - ports: [{ port: {{ .module.metrics }} }]
      from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ .global.monitoring.namespace }} } }
    {{- end }}
  egress:
    {{- if .module.open }}
    - {}
    {{- else }}
    - to: {{- include "library.neighbours" . | nindent 8 }}
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
    {{- with values .global.external | compact }}
    # Stores at other places.
    - ports: {{- range . }}
        - { port: {{ regexFind "[0-9]+$" . }} }
      {{- end }}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "library.neighbours" -}}
{{- range .module.networks }}
- podSelector: { matchLabels: { app.kubernetes.io/instance: {{ $.root.Release.Name }}, network-{{ . }}: "yes" } }
{{- end }}
{{- end }}

{{- define "library.monitor" -}}
{{- if and .module.metrics .global.monitoring.podMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "library.labels" . | nindent 4 }}
    {{- with .global.monitoring.labels }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  selector:
    matchLabels: {{- include "library.selector" . | nindent 6 }}
  podMetricsEndpoints:
    - port: p{{ .module.metrics }}
      path: /metrics
      interval: 30s
{{- end }}
{{- end }}
