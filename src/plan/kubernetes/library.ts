// The library chart: what every module's chart is made of. Text of Helm, which knows no product.

import { registeredScript } from "../deploy/registry.js"

/** A module's chart is this line, and the files module.yaml and values.yaml beside it. */
export const moduleTemplate = '{{- include "library.module" . }}\n'

export const libraryTemplates: Record<string, string> = {
  "_module.tpl": `{{- /* All objects of one module. What it is stands in module.yaml of its chart, what a user changes in values.yaml. */ -}}
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
`,

  "_names.tpl": `{{- define "library.selector" -}}
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
`,

  "_account.tpl": `{{- /* Nothing in these pods asks the API server, so none gets a token. */ -}}
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
`,

  "_workload.tpl": `{{- define "library.workload" -}}
{{- $replicas := ternary 1 (int .values.replicas) .module.single -}}
{{- $still := and .global.restore (not .module.servesRestore) -}}
{{- if and .module.single (gt (int (default 1 .values.replicas)) 1) }}{{ fail (printf "%s.replicas is %v, but only one may run: %s" .root.Chart.Name .values.replicas .module.singleReason) }}{{ end -}}
apiVersion: apps/v1
kind: {{ .module.kind }}
{{ include "library.metadata" . }}
spec:
  {{- if $still }}
  # A backup is put back.
  replicas: 0
  {{- else if not ((default dict .values.autoscaling).enabled) }}
  replicas: {{ $replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels: {{- include "library.selector" . | nindent 6 }}
  {{- if eq .module.kind "StatefulSet" }}
  serviceName: {{ .name }}
  updateStrategy: { type: RollingUpdate }
  {{- else if .module.single }}
  strategy: { type: Recreate }
  {{- else }}
  strategy: { type: RollingUpdate, rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  {{- end }}
  template:
    metadata:
      labels: {{- include "library.labels" . | nindent 8 }}
        {{- range .module.networks }}
        network-{{ . }}: "yes"
        {{- end }}
        {{- with .values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        # A change of these makes new pods, as settings do, which stand in the environment below. It must make none of those that do not use it.
        {{- with include "library.config" . }}
        checksum/config: {{ sha256sum . }}
        {{- end }}
        {{- with include "library.passwords" . }}
        checksum/secret: {{ sha256sum . }}
        {{- end }}
        # Its logs are shown where nobody says which container's.
        kubectl.kubernetes.io/default-container: {{ .root.Chart.Name }}
        {{- with .values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec: {{- include "library.pod" . | nindent 6 }}
  {{- if .module.volumes }}
  volumeClaimTemplates:
  {{- range $name, $path := .module.volumes }}
    - metadata: { name: {{ $name }} }
      spec:
        accessModes: [ReadWriteOnce]
        {{- with default $.global.storageClass $.values.storage.className }}
        storageClassName: {{ . | quote }}
        {{- end }}
        resources: { requests: { storage: {{ $.values.storage.size | quote }} } }
  {{- end }}
  {{- end }}
{{- end }}

{{- /* The passwords of this module, as far as the cluster says them. */ -}}
{{- define "library.passwords" -}}
{{- $data := default dict (lookup "v1" "Secret" .root.Release.Namespace .global.secret).data -}}
{{- range .module.secrets }}{{ with get $data .key }}{{ . }};{{ end }}{{ end -}}
{{- end }}

{{- define "library.pod" -}}
serviceAccountName: {{ .name }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .module.hostname }}
# Others make up this name and ask for it.
hostname: {{ . }}
subdomain: {{ $.module.subdomain }}
{{- end }}
terminationGracePeriodSeconds: {{ add .module.graceSeconds (include "library.drain" . | int) }}
{{- with .global.imagePullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .module.user }}
  runAsGroup: {{ .module.user }}
  fsGroup: {{ .module.user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
  {{- if .module.lowPorts }}
  # For port 80 as a user: pods of the policy "restricted" may have it.
  sysctls: [{ name: net.ipv4.ip_unprivileged_port_start, value: "0" }]
  {{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: {{ include "library.selector" . | fromYaml | toJson }} }
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .module.waits }}
initContainers:
  - name: wait
    image: {{ include "library.image" $ }}
    imagePullPolicy: {{ $.global.imagePullPolicy }}
    command: [sh, -c, {{ include "library.waitScript" $ | quote }}, wait]
    args: {{ toJson . }}
    securityContext: {{ include "library.security" $ | fromYaml | toJson }}
    resources: { requests: { cpu: 5m, memory: 16Mi }, limits: { memory: 64Mi } }
{{- end }}
containers:
  - name: {{ .root.Chart.Name }}
    image: {{ include "library.image" . }}
    imagePullPolicy: {{ .global.imagePullPolicy }}
    {{- with .module.command }}
    command: {{ toJson . }}
    {{- end }}
    {{- with .module.arguments }}
    args: {{ toJson . }}
    {{- end }}
    env: {{- include "library.environment" . | nindent 6 }}
    {{- with .module.ports }}
    ports: {{- range . }}
      - { name: p{{ . }}, containerPort: {{ . }} }
    {{- end }}
    {{- end }}
    {{- include "library.probes" . | nindent 4 }}
    {{- if include "library.drain" . | int }}
    # It leaves its Service at once and ends later: until then nobody is refused.
    lifecycle: { preStop: { exec: { command: [sh, -c, {{ include "library.preStop" . | quote }}] } } }
    {{- end }}
    resources: {{- toYaml .values.resources | nindent 6 }}
    securityContext: {{ include "library.security" . | fromYaml | toJson }}
    volumeMounts: {{- include "library.mounts" . | nindent 6 }}
volumes: {{- include "library.volumes" . | nindent 2 }}
{{- end }}

{{- /* What ends by "finish" does so when its last connection is closed, or when its time is over. */ -}}
{{- define "library.preStop" -}}
{{- with .module.leave }}{{ . }} {{ end }}sleep {{ include "library.drain" . | trim }}
{{- with .module.finish }}; {{ . }}; sleep {{ $.module.graceSeconds }}{{ end }}
{{- end }}

{{- define "library.drain" -}}
{{ default .module.drainSeconds .values.drainSeconds | int }}
{{- end }}

{{- define "library.security" -}}
readOnlyRootFilesystem: true
allowPrivilegeEscalation: false
capabilities: { drop: [ALL] }
{{- end }}

{{- /* Arguments: HOST:PORT for stores, HOST:PORT:SECONDS for what it waits so long for at most. */ -}}
{{- define "library.waitScript" -}}
answers() { if command -v bash >/dev/null; then timeout 3 bash -c ": < /dev/tcp/$1/$2" 2>/dev/null; else nc -z -w 2 "$1" "$2"; fi; }
for place in "$@"; do
  IFS=: read -r host port limit <<END
$place
END
  waited=0
  until answers "$host" "$port"; do
    if [ $((waited % 15)) -eq 0 ]; then echo "waiting for $host:$port"; fi
    if [ "$waited" = "$limit" ]; then echo "$host:$port did not answer in $limit s: going on without it"; break; fi
    sleep 1; waited=$((waited + 1))
  done
done
{{- end }}

{{- define "library.environment" -}}
{{- range $name, $value := mergeOverwrite (deepCopy (default dict .module.environment)) (default dict .values.env) }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- range .module.addresses }}
# The address that it registers itself under.
- { name: {{ . }}, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
{{- end }}
{{- range .module.secrets }}
{{- if or (not .optional) (has .setting $.global.optionalSecrets) }}
- { name: {{ .variable }}_FILE, value: /run/secrets/{{ .key }} }
{{- end }}
{{- end }}
{{- if not (or .module.environment .module.addresses .module.secrets .values.env) }}
[]
{{- end }}
{{- end }}

{{- define "library.probe" -}}
{{- if .module.probe.command }}
exec: { command: {{ toJson .module.probe.command }} }
{{- else if .module.probe.path }}
httpGet: { path: {{ .module.probe.path }}, port: {{ .module.probe.port }} }
{{- else }}
tcpSocket: { port: {{ .module.probe.port }} }
{{- end }}
timeoutSeconds: 5
{{- end }}

{{- define "library.registeredScript" -}}
timeout 3 bash -c ": < /dev/tcp/127.0.0.1/$4" || exit 1
${registeredScript}{{- end }}

{{- /* (list . CODE): the exit code where the registry does not answer. */ -}}
{{- define "library.registeredProbe" -}}
{{- $module := (index . 0).module -}}
{{- $script := printf "UNANSWERED=%d\\n%s" (index . 1) (include "library.registeredScript" .) -}}
exec: { command: [bash, -c, {{ $script | quote }}, registered, {{ $module.registered.place | quote }}, {{ $module.registered.user | quote }}, {{ $module.registered.password | quote }}, {{ $module.probe.port | quote }}, {{ index $module.addresses 0 | quote }}] }
timeoutSeconds: 15
{{- end }}

{{- /* What never closes its connections would need more and more memory, and so would those that it is connected with. */ -}}
{{- define "library.openFilesScript" -}}
timeout 3 bash -c ": < /dev/tcp/127.0.0.1/$1" || exit 1
open=(/proc/[0-9]*/fd/*)
[ "\${#open[@]}" -lt "$2" ] || { echo "\${#open[@]} files and connections are open"; exit 1; }
{{- end }}

{{- define "library.openFilesProbe" -}}
exec: { command: [bash, -c, {{ include "library.openFilesScript" . | quote }}, open-files, {{ .module.probe.port | quote }}, {{ .module.openFiles | quote }}] }
timeoutSeconds: 5
{{- end }}

{{- /* A program opens its port before the registry has its address. Only then do others find it, and only then may an older pod end. */ -}}
{{- define "library.probes" -}}
{{- if .module.probe -}}
startupProbe:
  {{- if .module.registered }}{{ include "library.registeredProbe" (list . 1) | nindent 2 }}
  {{- else }}{{ include "library.probe" . | nindent 2 }}
  {{- end }}
  periodSeconds: 2
  failureThreshold: {{ div (add .module.startSeconds 1) 2 }}
readinessProbe: {{- include "library.probe" . | nindent 2 }}
  periodSeconds: 5
  failureThreshold: 2
{{- if .module.registered }}
# What the registry has forgotten does not register again, and nobody finds it.
livenessProbe: {{- include "library.registeredProbe" (list . 0) | nindent 2 }}
  periodSeconds: 15
  failureThreshold: 3
{{- else }}
livenessProbe: {{- include (ternary "library.openFilesProbe" "library.probe" (not (empty .module.openFiles))) . | nindent 2 }}
  periodSeconds: 10
  failureThreshold: 6
{{- end }}
{{- end }}
{{- end }}

{{- define "library.mounts" -}}
{{- range $index, $path := .module.temporary }}
- { name: temporary-{{ $index }}, mountPath: {{ $path }} }
{{- end }}
{{- range $name, $path := .module.volumes }}
- { name: {{ $name }}, mountPath: {{ $path }} }
{{- end }}
{{- range $file, $path := .module.files }}
- { name: files, mountPath: {{ $path }}, subPath: {{ $file }}, readOnly: true }
{{- end }}
{{- if .module.secrets }}
- { name: secrets, mountPath: /run/secrets, readOnly: true }
{{- end }}
{{- end }}

{{- define "library.volumes" -}}
{{- range $index, $path := .module.temporary }}
- { name: temporary-{{ $index }}, emptyDir: { sizeLimit: 256Mi } }
{{- end }}
{{- if .module.files }}
- { name: files, configMap: { name: {{ .name }} } }
{{- end }}
{{- if .module.secrets }}
{{- $keys := dict }}
{{- range .module.secrets }}
{{- if or (not .optional) (has .setting $.global.optionalSecrets) }}{{ $_ := set $keys .key true }}{{ end }}
{{- end }}
- name: secrets
  secret:
    secretName: {{ .global.secret }}
    defaultMode: 0440
    items:
    {{- range keys $keys | sortAlpha }}
      - { key: {{ . }}, path: {{ . }} }
    {{- end }}
{{- end }}
{{- end }}
`,

  "_services.tpl": `{{- /* A service for each name under which others ask for it: a group answers for its modules. */ -}}
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
`,

  "_policy.tpl": `{{- /* Who reaches it: pods that share a network with it, as in compose. Only what is published is reached by all. */ -}}
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
`,
}
