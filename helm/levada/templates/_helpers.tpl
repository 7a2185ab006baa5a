{{- /* The names, labels and blocks that several templates share. */ -}}

{{- /* Call these two with a part of Levada: (dict "root" $ "component" "operator"). */ -}}
{{- define "levada.selector" -}}
app.kubernetes.io/name: levada
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "levada.labels" -}}
{{ include "levada.selector" . }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- /* The full name of an image. Call with (dict "root" $ "image" .Values.image "tag" "default tag"). */ -}}
{{- define "levada.image" -}}
{{- $repository := .image.repository -}}
{{- with .root.Values.image.registry -}}
  {{- /* The first part of a name is a registry if it looks like a host: that is the container runtimes' own rule. */ -}}
  {{- $parts := splitList "/" $repository -}}
  {{- if and (gt (len $parts) 1) (regexMatch "[.:]|^localhost$" (first $parts)) -}}
    {{- $parts = rest $parts -}}
  {{- end -}}
  {{- $repository = printf "%s/%s" (trimSuffix "/" .) (join "/" $parts) -}}
{{- end -}}
{{- if .image.digest -}}
{{ $repository }}@{{ .image.digest }}
{{- else -}}
{{ $repository }}:{{ .image.tag | default .tag }}
{{- end -}}
{{- end }}

{{- define "levada.operatorImage" -}}
{{- include "levada.image" (dict "root" . "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end }}

{{- /* The restricted Pod Security profile, for a Pod and for a container. */ -}}
{{- define "levada.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "levada.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* All keys of the embedded store are derived from one text; once found it holds for the whole rendering. */ -}}
{{- define "levada.store.seed" -}}
{{- $embedded := .Values.store.embedded -}}
{{- if not $embedded.seed -}}
  {{- $secret := lookup "v1" "Secret" .Release.Namespace "levada-store-server" -}}
  {{- $kept := dig "data" "seed" "" ($secret | default dict) | b64dec -}}
  {{- $_ := set $embedded "seed" ($kept | default (randAlphaNum 40)) -}}
{{- end -}}
{{- $embedded.seed -}}
{{- end }}

{{- /* The embedded store's keys of one namespace. Call with (dict "root" $ "namespace" "team-a"). */ -}}
{{- define "levada.store.accessKeyId" -}}
{{- printf "levada-%s" .namespace -}}
{{- end }}

{{- define "levada.store.secretAccessKey" -}}
{{- $seed := include "levada.store.seed" .root -}}
{{- printf "%s/%s" $seed (printf "%s/%s" $seed .namespace | sha256sum) | sha256sum -}}
{{- end }}
