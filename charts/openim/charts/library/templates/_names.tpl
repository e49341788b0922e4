{{- define "library.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "library.labels" -}}
{{ include "library.selector" . }}
app.kubernetes.io/part-of: {{ .module.stack }}
app.kubernetes.io/component: {{ .module.service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end }}

{{- define "library.metadata" -}}
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "library.labels" . | nindent 4 }}
{{- end }}

{{- /* HOST:PORT of a module: (list . NAME PORT). The store of another place has the address that global.external says. */ -}}
{{- define "library.address" -}}
{{- $root := index . 0 -}}
{{- default (printf "%s-%s:%v" $root.Release.Name (index . 1) (index . 2)) (get (default dict $root.Values.global.external) (index . 1)) -}}
{{- end }}

{{- /* Its host alone: (list . NAME). */ -}}
{{- define "library.host" -}}
{{- $root := index . 0 -}}
{{- default (printf "%s-%s" $root.Release.Name (index . 1)) (get (default dict $root.Values.global.external) (index . 1) | splitList ":" | first) -}}
{{- end }}

{{- /* The same with the whole name. */ -}}
{{- define "library.wholeAddress" -}}
{{- $root := index . 0 -}}
{{- default (printf "%s-%s.%s.svc.%s:%v" $root.Release.Name (index . 1) $root.Release.Namespace $root.Values.global.clusterDomain (index . 2)) (get (default dict $root.Values.global.external) (index . 1)) -}}
{{- end }}

{{- /* A setting as text: (list . NAME). Helm makes floats of numbers. */ -}}
{{- define "library.setting" -}}
{{- $root := index . 0 -}}
{{- $value := get $root.Values.global.settings (index . 1) -}}
{{- if kindIs "float64" $value }}{{ printf "%.0f" $value }}{{ else }}{{ $value }}{{ end -}}
{{- end }}

{{- /* SCHEME://[NAME.]HOST of the public address: (list . NAME). */ -}}
{{- define "library.url" -}}
{{- $root := index . 0 -}}
{{- $url := urlParse (toString $root.Values.global.settings.PUBLIC_URL) -}}
{{- $url.scheme }}://{{ with index . 1 }}{{ . }}.{{ end }}{{ $url.host -}}
{{- end }}

{{- define "library.image" -}}
{{- $image := default (get .global.images .module.image) .values.image -}}
{{- if not $image }}{{ fail (printf "global.images.%s is empty: nobody publishes this image for you. Publish it (./daggerw call release --components=%s), or take its archive from a kit, and write its name here, such as %s" .module.image .module.component .module.imageForm) }}{{ end -}}
{{- $image -}}
{{- end }}
