// What the chart of a whole stack has besides its modules: checks before anything is made, the way in, and what it says after.

import type { DeploymentData } from "../../catalogue/deployment.js"
import { oldestKubernetes } from "../deploy/cluster.js"
import type { Context, Module } from "./modules.js"

export function umbrellaTemplates(context: Context, modules: Module[]): Record<string, string> {
  return {
    "checks.yaml": checksTemplate(context, modules),
    "_entry.tpl": entryTemplate(context),
    "ingress.yaml": ingressTemplate(context),
    "routes.yaml": routesTemplate(context),
    "NOTES.txt": notesTemplate(context),
  }
}

interface SecretKey {
  key: string
  setting: string
  optional: boolean
}

function secretKeys(modules: Module[]): SecretKey[] {
  const found = new Map(
    modules.flatMap(({ secrets }) => secrets.map(({ key, setting, optional }) => [key, { key, setting, optional }] as const)),
  )
  return [...found.values()].sort((one, other) => one.key.localeCompare(other.key))
}

/** How the Secret is made, with passwords that nobody knows. */
export function secretCommand({ catalogue, data }: Context, modules: Module[], namespace: string): string {
  const lines = secretKeys(modules)
    .filter(({ optional }) => !optional)
    .map(({ key, setting }) => `  --from-literal=${key}="$(openssl rand -hex ${Math.ceil((data.settings[setting]?.generate ?? 32) / 2)})"`)
  return [`kubectl --namespace ${namespace} create secret generic ${catalogue.stack}-secrets`, ...lines].join(" \\\n")
}

/** Helm makes nothing when one of these fails. */
function checksTemplate({ data }: Context, modules: Module[]): string {
  const ofBackup =
    data.backup === undefined ? "list" : '(ternary (list "backup_key") list (or .Values.backup.enabled (ne .Values.global.restore "")))'
  const keys = secretKeys(modules).filter(({ optional }) => !optional)
  const refused = Object.entries(data.settings)
    .filter(([name, { kind, refused: values }]) => name === "PUBLIC_URL" && kind !== "secret" && values.length > 0)
    .map(
      ([name, { refused: values }]) =>
        `{{- if has .Values.global.settings.${name} (list ${values.map((one) => JSON.stringify(one)).join(" ")}) }}{{ fail (printf "global.settings.${name} is %s, which is an example: set yours" .Values.global.settings.${name}) }}{{ end }}`,
    )
  return `{{- /* Before anything is made. */ -}}
${namesChecks(data)}{{- if not .Values.global.settings.PUBLIC_URL }}{{ fail "global.settings.PUBLIC_URL is empty: set the address that clients use, such as --set global.settings.PUBLIC_URL=https://im.company.com" }}{{ end }}
${refused.join("\n")}
{{- if and .Values.ingress.enabled .Values.gateway.enabled }}{{ fail "ingress.enabled and gateway.enabled are both true: choose one" }}{{ end }}
{{- if and .Values.gateway.enabled (not .Values.gateway.parentRefs) }}{{ fail "gateway.parentRefs is empty: name your Gateway, such as --set gateway.parentRefs[0].name=public" }}{{ end }}
{{- if and .Values.ingress.enabled (or .Values.ingress.tls.issuer .Values.ingress.tls.secret) (not (include "entry.secure" .)) }}{{ fail "ingress.tls names a certificate, but global.settings.PUBLIC_URL begins with http://: clients would not use it. Begin it with https://" }}{{ end }}
{{- /* Who may not read these in the whole cluster would get no more than a refusal. */ -}}
{{- if .Values.global.checkCluster }}
{{- if and .Values.ingress.className (lookup "networking.k8s.io/v1" "IngressClass" "" "") (not (lookup "networking.k8s.io/v1" "IngressClass" "" .Values.ingress.className)) }}{{ fail (printf "ingress.className is %s, which this cluster does not have: kubectl get ingressclass lists those that it has" .Values.ingress.className) }}{{ end }}
{{- if and .Values.global.storageClass (lookup "storage.k8s.io/v1" "StorageClass" "" "") (not (lookup "storage.k8s.io/v1" "StorageClass" "" .Values.global.storageClass)) }}{{ fail (printf "global.storageClass is %s, which this cluster does not have: kubectl get storageclass lists those that it has" .Values.global.storageClass) }}{{ end }}
{{- end }}
{{- /* Without a cluster, lookup finds nothing: then nobody can say whether the Secret is there. */ -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" }}
{{- $secret := lookup "v1" "Secret" .Release.Namespace .Values.global.secret }}
{{- if not $secret }}{{ fail (printf "there is no Secret %s in the namespace %s: README.md of this chart has the command that makes it" .Values.global.secret .Release.Namespace) }}{{ end }}
{{- $certificate := include "entry.secret" . }}
{{- if and $certificate .Values.ingress.tls.issuer }}
{{- if not (.Capabilities.APIVersions.Has "cert-manager.io/v1") }}{{ fail (printf "ingress.tls.issuer is %s, but this cluster has no cert-manager: install it (https://cert-manager.io/docs/installation), or make the Secret from files and leave the issuer out" .Values.ingress.tls.issuer) }}{{ end }}
{{- else if and $certificate (not .Values.ingress.tls.secretElsewhere) (not (lookup "v1" "Secret" .Release.Namespace $certificate)) }}{{ fail (printf "there is no Secret %s with the certificate. Make it from your files: kubectl -n %s create secret tls %s --cert=FILE --key=FILE. Or set ingress.tls.issuer where cert-manager makes it, or ingress.tls.enabled=false where the controller has one" $certificate .Release.Namespace $certificate) }}
{{- end }}
{{- range concat (list ${keys.map(({ key }) => JSON.stringify(key)).join(" ")}) ${ofBackup} }}
{{- if not (get (default dict $secret.data) .) }}{{ fail (printf "the Secret %s has no value for %s: kubectl -n %s patch secret %s -p '{\\"stringData\\":{\\"%s\\":\\"…\\"}}' adds it" $.Values.global.secret . $.Release.Namespace $.Values.global.secret .) }}{{ end }}
{{- end }}
{{- end }}
`
}

/** Each with its reason: the schema of the values could only refuse. */
function namesChecks({ services, profiles, registry, kubernetes }: DeploymentData): string {
  const names = kubernetes?.names
  if (names === undefined || registry === undefined) return ""
  const fits = (profile: string) => Object.keys(names.refused).every((name) => services[name]!.profiles?.includes(profile) === false)
  const good = Object.keys(profiles).filter(fits)
  const refusals = Object.entries(names.refused).map(([name, why]) => {
    const having = (services[name]!.profiles ?? Object.keys(profiles)).map((one) => JSON.stringify(one)).join(" ")
    const words = `global.discovery is names, but the profile %s has ${name}, and ${why}: choose global.profile=${good.join(" or ")}, or global.discovery=${registry.service}`
    return `{{- if has .Values.global.profile (list ${having}) }}{{ fail (printf ${JSON.stringify(words)} .Values.global.profile) }}{{ end }}`
  })
  const { domain } = names
  const words = `global.discovery is names, but global.clusterDomain is %s, and the programs know ${domain} only: choose global.discovery=${registry.service}`
  if (domain !== undefined)
    refusals.push(
      `{{- if ne .Values.global.clusterDomain ${JSON.stringify(domain)} }}{{ fail (printf ${JSON.stringify(words)} .Values.global.clusterDomain) }}{{ end }}`,
    )
  return `{{- if eq .Values.global.discovery "names" }}
${refusals.join("\n")}
{{- if ne .Values.global.layout "modules" }}{{ fail (printf "global.discovery is names, but global.layout is %s: programs of one pod have no names of services. Choose global.layout=modules, or global.discovery=${registry.service}" .Values.global.layout) }}{{ end }}
{{- end }}
`
}

interface Entry {
  host: string
  port: number
}

/** Hosts that lead to a listener of the edge: the main one, and those of routes that had a port on one machine. */
function entries({ data, deployment }: Context): Entry[] {
  const named = Object.entries(data.kubernetes?.hosts ?? {}).flatMap(([name, host]) => {
    const route = deployment.routes.find((one) => one.name === name)
    return route?.port === undefined ? [] : [{ host, port: route.port }]
  })
  return [{ host: "", port: data.edge.http }, ...named]
}

function entryTemplate(context: Context): string {
  return `{{- /* The hosts of this installation, one a line: HOST PORT-OF-THE-EDGE. */ -}}
{{- define "entry.hosts" -}}
${entries(context)
  .map(({ host, port }) => `{{ (urlParse (include "library.url" (list . ${JSON.stringify(host)}))).host }} ${port}`)
  .join("\n")}
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
`
}

function ingressTemplate({ data }: Context): string {
  return `{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "entry.labels" . | nindent 4 }}
  annotations:
    {{- with .Values.ingress.annotations }}{{ toYaml . | nindent 4 }}{{ end }}
    {{- if and .Values.ingress.tls.issuer (include "entry.secret" .) }}
    cert-manager.io/{{ ternary "issuer" "cluster-issuer" (eq .Values.ingress.tls.issuerKind "Issuer") }}: {{ .Values.ingress.tls.issuer }}
    {{- end }}
spec:
  {{- with .Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with include "entry.secret" . }}
  tls:
    - secretName: {{ . }}
      hosts:
      {{- range splitList "\\n" (include "entry.hosts" $) }}
        - {{ index (splitList " " .) 0 }}
      {{- end }}
  {{- end }}
  rules:
  {{- range splitList "\\n" (include "entry.hosts" .) }}
    - host: {{ index (splitList " " .) 0 }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: {{ $.Release.Name }}-${data.edge.service}, port: { number: {{ index (splitList " " .) 1 }} } } }
  {{- end }}
{{- end }}
`
}

function routesTemplate({ data }: Context): string {
  return `{{- if .Values.gateway.enabled }}
{{- range splitList "\\n" (include "entry.hosts" .) }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ $.Release.Name }}-{{ index (splitList " " .) 1 }}
  namespace: {{ $.Release.Namespace }}
  labels: {{- include "entry.labels" $ | nindent 4 }}
spec:
  parentRefs: {{- toYaml $.Values.gateway.parentRefs | nindent 4 }}
  hostnames: [{{ index (splitList " " .) 0 | quote }}]
  rules:
    - backendRefs: [{ name: {{ $.Release.Name }}-${data.edge.service}, port: {{ index (splitList " " .) 1 }} }]
      # WebSockets stay open.
      timeouts: { request: 0s }
{{- end }}
{{- end }}
`
}

function notesTemplate({ catalogue, data }: Context): string {
  return `${catalogue.title} is installed in the namespace {{ .Release.Namespace }}. Wait until all its pods are ready:

  kubectl --namespace {{ .Release.Namespace }} wait pod --all --for=condition=Ready --timeout=10m

{{ if or .Values.ingress.enabled .Values.gateway.enabled -}}
Clients reach it at {{ .Values.global.settings.PUBLIC_URL }}. Names of these hosts must lead to the ingress controller:
{{ range splitList "\\n" (include "entry.hosts" .) }}
  {{ index (splitList " " .) 0 }}
{{- end }}
{{- else -}}
Nothing outside of the cluster leads to it yet: set ingress.enabled, or try it from this machine:

  kubectl --namespace {{ .Release.Namespace }} port-forward service/{{ .Release.Name }}-${data.edge.service} ${data.edge.http}
{{- end }}
`
}

export function chartReadme(context: Context, modules: Module[], rows: [string, string, string][]): string {
  const { catalogue } = context
  const name = catalogue.stack
  return `# ${catalogue.title} on Kubernetes

A Helm chart. It needs Helm 3 and Kubernetes 1.${oldestKubernetes} or newer, a storage class, and in most installations an ingress controller.
Generated from \`deployment.yaml\`, \`stack.yaml\` and \`versions.yaml\`: do not edit it. [docs/kubernetes.md](../../docs/kubernetes.md) leads through an installation.

\`\`\`sh
kubectl create namespace ${name}
${secretCommand(context, modules, name)}
helm install ${name} charts/${name} --namespace ${name} --wait --timeout 10m \\
  --set global.settings.PUBLIC_URL=https://im.company.com \\
  --set ingress.enabled=true --set ingress.className=nginx --set ingress.tls.issuer=letsencrypt
\`\`\`

The issuer is one of cert-manager. With a certificate in files leave it out, and make the Secret before:
\`kubectl --namespace ${name} create secret tls ${name}-tls --cert=fullchain.pem --key=privkey.pem\`.

What you change goes into a file of yours: \`--values my-values.yaml\`. A value that the chart does not know is refused.
The chart holds no password: it names the Secret that has them.

## Modules

${markdownTable([["module", "what it is", "runs with"], ...modules.map(({ name: module, purpose, layout, profiles }) => [`\`${module}\``, purpose, layout === undefined ? profiles.join(", ") : `layout: ${layout}`])])}

## Values

${markdownTable([["value", "default", "what it is for"], ...rows.map(([one, given, purpose]) => [`\`${one}\``, given === undefined ? "" : `\`${given}\``, purpose.replaceAll("|", "\\|").replaceAll("\n", " ")])])}
`
}

function markdownTable([head, ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`
  return [line(head!), line(head!.map(() => "---")), ...rows.map(line)].join("\n")
}
