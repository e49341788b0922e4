{{- /* All objects of one module. What it is stands in module.yaml of its chart, what a user changes in values.yaml. */ -}}
{{- define "library.module" -}}
{{- $module := tpl (.Files.Get "module.yaml") . | fromYaml -}}
{{- with $module.Error }}{{ fail (printf "module.yaml of %s: %s" $.Chart.Name .) }}{{ end -}}
{{- if eq (default "" .Values.global.discovery) "names" }}
{{- with $module.names }}
{{- $_ := set $module "environment" (merge (default dict .environment) $module.environment) }}
{{- range $key, $value := omit . "environment" }}{{ $_ := set $module $key $value }}{{ end }}
{{- end }}
{{- end -}}
{{- $secrets := default list $module.secrets -}}
{{- range $variable, $key := .Values.secretEnv }}{{ $secrets = append $secrets (dict "variable" $variable "key" $key "optional" false) }}{{ end -}}
{{- $_ := set $module "secrets" $secrets -}}
{{- $here := dict "root" . "module" $module "values" .Values "global" .Values.global "name" (printf "%s-%s" .Release.Name .Chart.Name) -}}
{{- if include "library.wanted" $here }}
{{- $objects := list "library.account" "library.config" "library.workload" "library.services" "library.budget" "library.autoscaler" "library.policy" "library.monitor" -}}
{{- range $objects }}
{{- with include . $here | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Not empty where this module runs: with its layout, in its profiles, and unless the store is elsewhere. */ -}}
{{- define "library.wanted" -}}
{{- $layout := default .global.layout .module.layout -}}
{{- if and (eq $layout .global.layout) (has .global.profile .module.profiles) (not (get (default dict .global.external) .root.Chart.Name)) -}}
yes
{{- end }}
{{- end }}
