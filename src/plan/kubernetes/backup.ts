// Backups on Kubernetes: a CronJob that saves what the stores hold with restic, as openimctl does it on one machine, and Jobs that put it back.

import { configPart, restoreCommand, saveConfigWords, saveWords } from "../deploy/backup.js"
import type { Backup, BackupPart } from "../deploy/model.js"
import { helmText } from "./expressions.js"
import { type Context, type Module, servesRestore } from "./modules.js"
import { anything, count, flag, section, text, type Value, value } from "./values.js"

const remotePassword = "backup_remote_password"

export function backupValues({ deployment, catalogue }: Context): Value[] {
  if (deployment.backup === undefined) return []
  return [
    section("backup", `A backup of ${deployment.backup.parts.map(({ name }) => name).join(", ")} and the Secret, by restic.`, [
      value(
        "enabled",
        `Whether there is one each night. The Secret ${catalogue.stack}-secrets then needs backup_key, the password of the repository: keep a copy of it elsewhere.`,
        false,
        flag,
      ),
      value("schedule", "When, as cron has it, in the time zone of global.settings.TZ.", "0 2 * * *", { ...text, minLength: 1 }),
      value("days", "Of how many days backups are kept.", 7, count(1)),
      value(
        "repository",
        "Where: s3:https://HOST/BUCKET or rest:https://HOST/NAME, with backup_remote_password in the Secret. Empty: a volume of this cluster.",
        "",
        { ...text, pattern: "^$|^(s3:https?://|rest:https?://)[^\\s@]+$" },
      ),
      value("user", "The user of that place; the access key of S3.", "", text),
      section("storage", "The volume, where repository is empty. It stays when the release is uninstalled.", [
        value("size", "Its size.", "40Gi", { ...text, pattern: "^[0-9]+(Mi|Gi|Ti)$" }),
        value("className", "Its storage class. Empty: global.storageClass.", "", text),
      ]),
      section("resources", "What its pods ask for, and may use at most.", [
        value("requests", "What a node must have.", { cpu: "50m", memory: "128Mi" }, anything),
        value("limits", "With more memory it is ended.", { memory: "1Gi" }, anything),
      ]),
    ]),
  ]
}

export function backupTemplates(context: Context, modules: Module[]): Record<string, string> {
  const { backup } = context.deployment
  return backup === undefined
    ? {}
    : {
        "_backup.tpl": helpers(context, backup),
        "backup.yaml": cronJob(context, backup, modules),
        "restore.yaml": restoreJobs(context, backup, modules),
      }
}

/** restic by the image's script, which gives it the password of a place that wants one. */
const restic = 'repository() { start-backup restic --no-cache --retry-lock=2m "$@"; }'

/** What restic answers where there is no repository is 10. */
const repositoryScript = `set -eu
${restic}
code=0; repository cat config > /dev/null 2> /tmp/answer || code=$?
if [ "$code" = 10 ]; then echo "making the repository"; repository init
elif [ "$code" != 0 ]; then cat /tmp/answer >&2; exit 1; fi
echo "the repository can be read"
`

function saveScript(backup: Backup): string {
  const facts = { run: "$run", kind: "full", release: "$RELEASE" }
  const save = ([verb, ...words]: string[]) => `repository ${[verb!, "--host=kubernetes", ...words].map((word) => `"${word}"`).join(" ")}`
  return `${repositoryScript}run=backup_$(date +%Y%m%d_%H%M%S)
${backup.parts.map((part) => `echo "saving ${part.name}"\n${save(saveWords(part, facts))}`).join("\n")}
# Saved last: a backup that has it is complete.
echo "saving ${configPart}"
${save(saveConfigWords([], facts))} /config
repository forget --keep-within "$DAYS"d --group-by "" --prune
repository check
echo "$run is complete"
`
}

/** What is restored into a volume is made beside it first: the folder of a volume belongs to root. */
function restoreScript(part: BackupPart): string {
  const [program, ...given] = restoreCommand(part, "$id")
  const command = [...(program === "restic" ? ["start-backup", program] : [program!]), ...given].map((word) =>
    part.restore === undefined ? word : word.replace("/volumes/", "/scratch/"),
  )
  const words = command.map((word) => `"${word}"`).join(" ")
  const volume = `/volumes/${part.volume}`
  const into =
    part.restore !== undefined && part.volume !== undefined
      ? `mkdir -p /scratch/${part.volume}
${words}
find ${volume} -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
cp -R /scratch/${part.volume}/. ${volume}/`
      : `${words}${part.restore === undefined ? ' "--exclude=lost+found"' : ""}`
  return `set -eu
${restic}
run=$1
if [ "$run" = latest ]; then
  run=$(repository snapshots --json --tag part=${configPart} | grep -oE 'run=backup_[0-9]+_[0-9]+' | sort | tail -n 1 | cut -d= -f2)
  [ -n "$run" ] || { echo "there is no complete backup" >&2; exit 1; }
fi
id=$(repository snapshots --json --tag "run=$run,part=${part.name}" | grep -oE '"id":"[0-9a-f]{64}"' | tail -n 1 | cut -d'"' -f4)
[ -n "$id" ] || { echo "no backup $run has ${part.name}: restic snapshots lists those that are there" >&2; exit 1; }
echo "putting ${part.name} of $run back"
${into}
echo "${part.name} of $run is back"
`
}

function helpers({ catalogue, deployment }: Context, backup: Backup): string {
  const setting = deployment.settings.find(({ name }) => name === backup.imageSetting)!
  return `{{- define "backup.labels" -}}
app.kubernetes.io/name: backup
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: ${catalogue.stack}
app.kubernetes.io/component: backup
network-${backup.network}: "yes"
{{- end }}

{{- define "backup.image" -}}
{{- $image := .Values.global.images.${setting.name} -}}
{{- if not $image }}{{ fail "global.images.${setting.name} is empty: backups need this image. Publish it (./daggerw call release --components=${backup.component}), or take its archive from a kit" }}{{ end -}}
{{- $image -}}
{{- end }}

{{- define "backup.pod" -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: ${catalogue.user.uid}
  runAsGroup: ${catalogue.user.uid}
  fsGroup: ${catalogue.user.uid}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "backup.container" -}}
image: {{ include "backup.image" . }}
imagePullPolicy: {{ .Values.global.imagePullPolicy }}
securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
resources: {{- toYaml .Values.backup.resources | nindent 2 }}
{{- end }}

{{- define "backup.environment" -}}
- { name: HOME, value: /tmp }
- { name: TZ, value: {{ include "library.setting" (list . "TZ") | quote }} }
- { name: DAYS, value: {{ .Values.backup.days | toString | quote }} }
- { name: RELEASE, value: {{ printf "%s %s" .Chart.Name .Chart.AppVersion | quote }} }
- { name: RESTIC_REPOSITORY, value: {{ default "/repository" .Values.backup.repository | quote }} }
- { name: RESTIC_PASSWORD_FILE, value: /run/secrets/backup_key }
- { name: RESTIC_REMOTE_PASSWORD_FILE, value: /run/secrets/${remotePassword} }
{{- with .Values.backup.user }}
- { name: AWS_ACCESS_KEY_ID, value: {{ . | quote }} }
- { name: RESTIC_REST_USERNAME, value: {{ . | quote }} }
{{- end }}
{{- end }}

{{- define "backup.mounts" -}}
- { name: temporary, mountPath: /tmp }
- { name: secrets, mountPath: /run/secrets, readOnly: true }
{{- if not .Values.backup.repository }}
- { name: repository, mountPath: /repository }
{{- end }}
{{- end }}

{{- define "backup.volumes" -}}
- { name: temporary, emptyDir: {} }
- { name: secrets, secret: { secretName: {{ .Values.global.secret }}, defaultMode: 0440 } }
{{- if not .Values.backup.repository }}
- { name: repository, persistentVolumeClaim: { claimName: {{ .Release.Name }}-backup } }
{{- end }}
{{- end }}
`
}

/** The variables of a part's commands, among them the files of their secrets. */
function environmentOf(context: Context, part: BackupPart): string[] {
  return Object.entries(part.environment).map(([name, one]) => `- { name: ${name}, value: ${helmText(context, one)} }`)
}

/** The claims of a stateful set are called after it. */
const claimOf = (modules: Module[], part: BackupPart): string => {
  const module = modules.find(({ name }) => name === part.service)!
  const volume = Object.keys(module.volumes).find((name) => name === part.volume) ?? Object.keys(module.volumes)[0]!
  return `${volume}-{{ $.Release.Name }}-${module.name}-0`
}

const more = (spaces: number, lines: string[]): string => lines.map((line) => `${" ".repeat(spaces)}${line}\n`).join("")
const literal = (spaces: number, script: string): string => more(spaces, script.trimEnd().split("\n")).trimEnd()
const affinityOf = (lines: string[]): string[] => (lines.length === 0 ? [] : ["affinity:", ...lines.map((line) => `  ${line}`)])

function cronJob(context: Context, backup: Backup, modules: Module[]): string {
  const saved = backup.parts.filter(({ dump, volume }) => dump === undefined && volume !== undefined)
  const environment = [...new Set(backup.parts.flatMap((part) => environmentOf(context, part)))]
  const near = saved.map(
    ({ service }) =>
      `    - { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app.kubernetes.io/name: ${service}, app.kubernetes.io/instance: {{ .Release.Name }} } } }`,
  )
  // A volume of a node is read where it is.
  const affinity = near.length === 0 ? [] : ["podAffinity:", "  requiredDuringSchedulingIgnoredDuringExecution:", ...near]
  return `{{- if and .Values.backup.enabled (not .Values.global.restore) }}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ .Release.Name }}-backup
  namespace: {{ .Release.Namespace }}
  labels: {{- include "backup.labels" . | nindent 4 }}
spec:
  schedule: {{ .Values.backup.schedule | quote }}
  timeZone: {{ include "library.setting" (list . "TZ") | quote }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 2
  jobTemplate:
    spec:
      backoffLimit: 1
      activeDeadlineSeconds: 43200
      template:
        metadata:
          labels: {{- include "backup.labels" . | nindent 12 }}
        spec:
          {{- include "backup.pod" . | nindent 10 }}
${more(10, affinityOf(affinity))}          containers:
            - name: backup
              {{- include "backup.container" . | nindent 14 }}
              command:
                - bash
                - -c
                - |
${literal(18, saveScript(backup))}
              env:
                {{- include "backup.environment" . | nindent 16 }}
${more(16, environment)}              volumeMounts:
                {{- include "backup.mounts" . | nindent 16 }}
                - { name: secrets, mountPath: /config, readOnly: true }
${more(
  16,
  saved.map(({ volume }) => `- { name: data-${volume}, mountPath: /volumes/${volume}, readOnly: true }`),
)}          volumes:
            {{- include "backup.volumes" . | nindent 12 }}
${more(
  12,
  saved.map((part) => `- { name: data-${part.volume}, persistentVolumeClaim: { claimName: ${claimOf(modules, part)}, readOnly: true } }`),
)}---
# A wrong key, and a place that cannot be reached, are found now. And the volume gets its first pod: until then it is not there, and Helm waits.
${job({
  name: "backup-place",
  container: "place",
  expires: true,
  affinity,
  script: repositoryScript,
})}{{- end }}
{{- if and (or .Values.backup.enabled .Values.global.restore) (not .Values.backup.repository) }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}-backup
  namespace: {{ .Release.Namespace }}
  labels: {{- include "backup.labels" . | nindent 4 }}
  annotations: { helm.sh/resource-policy: keep }
spec:
  accessModes: [ReadWriteOnce]
  {{- with default .Values.global.storageClass .Values.backup.storage.className }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources: { requests: { storage: {{ .Values.backup.storage.size | quote }} } }
{{- end }}
`
}

interface JobRequest {
  name: string
  container: string
  /** It is removed some time after its end. */
  expires?: boolean
  affinity: string[]
  script: string
  arguments?: string[]
  environment?: string[]
  mounts?: string[]
  volumes?: string[]
}

function job({
  name,
  container,
  expires = false,
  affinity,
  script,
  arguments: words = [],
  environment = [],
  mounts = [],
  volumes = [],
}: JobRequest): string {
  return `apiVersion: batch/v1
kind: Job
metadata:
  # What a Job runs cannot be changed: another revision is another Job.
  name: {{ .Release.Name }}-${name}-{{ .Release.Revision }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "backup.labels" . | nindent 4 }}
spec:
  backoffLimit: 2
${expires ? "  ttlSecondsAfterFinished: 3600\n" : ""}  template:
    metadata:
      labels: {{- include "backup.labels" . | nindent 8 }}
    spec:
      {{- include "backup.pod" . | nindent 6 }}
${more(6, affinityOf(affinity))}      containers:
        - name: ${container}
          {{- include "backup.container" . | nindent 10 }}
          command:
            - bash
            - -c
            - |
${literal(14, script)}
${more(
  12,
  words.map((word) => `- ${word}`),
)}          env:
            {{- include "backup.environment" . | nindent 12 }}
${more(12, environment)}          volumeMounts:
            {{- include "backup.mounts" . | nindent 12 }}
${more(12, mounts)}      volumes:
        {{- include "backup.volumes" . | nindent 8 }}
${more(8, volumes)}`
}

/** One for each part: a pod is where its volume is. None starts before all that would write meanwhile is gone, on whatever node it was. */
function restoreJobs(context: Context, backup: Backup, modules: Module[]): string {
  const serving = backup.parts.filter(({ service }) => servesRestore(context.data, service)).map(({ service }) => service)
  const jobs = backup.parts.map((part) => {
    const { name, volume } = part
    return `---\n${job({
      name: `restore-${name}`,
      container: "restore",
      affinity: [
        "podAntiAffinity:",
        "  requiredDuringSchedulingIgnoredDuringExecution:",
        "    - topologyKey: kubernetes.io/os",
        "      labelSelector:",
        "        matchLabels: { app.kubernetes.io/instance: {{ .Release.Name }} }",
        `        matchExpressions: [{ key: app.kubernetes.io/component, operator: NotIn, values: [${[...serving, "backup"].join(", ")}] }]`,
      ],
      script: restoreScript(part),
      arguments: ["restore", "{{ .Values.global.restore | quote }}"],
      environment: environmentOf(context, part),
      mounts: [
        "- { name: scratch, mountPath: /scratch }",
        ...(volume === undefined ? [] : [`- { name: data, mountPath: /volumes/${volume} }`]),
      ],
      volumes: [
        "- { name: scratch, emptyDir: {} }",
        ...(volume === undefined ? [] : [`- { name: data, persistentVolumeClaim: { claimName: ${claimOf(modules, part)} } }`]),
      ],
    })}`
  })
  return `{{- if .Values.global.restore }}
${jobs.join("")}{{- end }}
`
}
