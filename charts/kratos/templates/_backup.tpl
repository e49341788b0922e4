{{- define "backup.labels" -}}
app.kubernetes.io/name: backup
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: kratos
app.kubernetes.io/component: backup
network-data: "yes"
{{- end }}

{{- define "backup.image" -}}
{{- $image := .Values.global.images.BACKUP_IMAGE -}}
{{- if not $image }}{{ fail "global.images.BACKUP_IMAGE is empty: backups need this image. Publish it (./daggerw call release --components=backup), or take its archive from a kit" }}{{ end -}}
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
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
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
- { name: RESTIC_REMOTE_PASSWORD_FILE, value: /run/secrets/backup_remote_password }
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
