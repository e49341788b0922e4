{{- /* The hosts of this installation, one a line: HOST PORT-OF-THE-EDGE. */ -}}
{{- define "entry.hosts" -}}
{{ (urlParse (include "library.url" (list . ""))).host }} 8080
{{- end }}

{{- define "entry.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{- define "entry.secure" -}}
{{- if eq (urlParse .Values.global.settings.PUBLIC_URL).scheme "https" }}yes{{ end -}}
{{- end }}

{{- /* The Secret with the certificate; empty where the Ingress names none. */ -}}
{{- define "entry.secret" -}}
{{- if and .Values.ingress.enabled .Values.ingress.tls.enabled (include "entry.secure" .) }}{{ default (printf "%s-tls" .Release.Name) .Values.ingress.tls.secret }}{{ end -}}
{{- end }}
