{{- /* Nothing in these pods asks the API server, so none gets a token. */ -}}
{{- define "library.account" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "library.metadata" . }}
automountServiceAccountToken: false
{{- end }}

{{- define "library.config" -}}
{{- if .module.files -}}
apiVersion: v1
kind: ConfigMap
{{ include "library.metadata" . }}
data:
{{- range $file, $path := .module.files }}
  {{ $file }}: | {{- $.root.Files.Get $file | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
