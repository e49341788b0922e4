{{- define "library.workload" -}}
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
place=$1 user=$2 password=$(cat "$3") own=${!5}
request() {
  printf 'POST %s HTTP/1.0\r\nHost: registry\r\nContent-Type: application/json\r\n' "$1"
  [ -z "$token" ] || printf 'Authorization: %s\r\n' "$token"
  printf 'Content-Length: %s\r\n\r\n%s' "${#2}" "$2"
}
ask() { request "$@" | timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3' "${place%:*}" "${place##*:}" 2>/dev/null; }
token=$(cat /tmp/registry-token 2>/dev/null)
all='{"key":"AA==","range_end":"AA==","keys_only":true}'
answer=$(ask /v3/kv/range "$all")
case $answer in
  *'"header"'*) ;;
  *)
    token=
    token=$(ask /v3/auth/authenticate "{\"name\":\"$user\",\"password\":\"$password\"}" | grep -o '"token":"[^"]*"' | cut -d'"' -f4)
    (umask 077; printf %s "$token" > "/tmp/registry-token.$$" && mv "/tmp/registry-token.$$" /tmp/registry-token)
    answer=$(ask /v3/kv/range "$all")
    case $answer in *'"header"'*) ;; *) exit "${UNANSWERED:-0}" ;; esac ;;
esac
shift 5
[ $# -gt 0 ] || set -- ""
known=()
for port; do known+=(-e "/$own:$port"); done
printf %s "$answer" | grep -o '"key":"[^"]*"' | cut -d'"' -f4 | base64 -d | grep -qaF "${known[@]}" || { echo "$place does not know $own"; exit 1; }
{{- end }}

{{- /* (list . CODE): the exit code where the registry does not answer. */ -}}
{{- define "library.registeredProbe" -}}
{{- $module := (index . 0).module -}}
{{- $script := printf "UNANSWERED=%d\n%s" (index . 1) (include "library.registeredScript" .) -}}
exec: { command: [bash, -c, {{ $script | quote }}, registered, {{ $module.registered.place | quote }}, {{ $module.registered.user | quote }}, {{ $module.registered.password | quote }}, {{ $module.probe.port | quote }}, {{ index $module.addresses 0 | quote }}] }
timeoutSeconds: 15
{{- end }}

{{- /* What never closes its connections would need more and more memory, and so would those that it is connected with. */ -}}
{{- define "library.openFilesScript" -}}
timeout 3 bash -c ": < /dev/tcp/127.0.0.1/$1" || exit 1
open=(/proc/[0-9]*/fd/*)
[ "${#open[@]}" -lt "$2" ] || { echo "${#open[@]} files and connections are open"; exit 1; }
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
