{{- define "levada.labels" -}}
app.kubernetes.io/name: levada
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "levada.selector" -}}
app.kubernetes.io/name: levada
app.kubernetes.io/component: operator
{{- end }}

{{- define "levada.image" -}}
{{- with .Values.image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "levada.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* What the operator does in a namespace where it works; tests/e2e/test_install.py exercises each verb. */ -}}
{{- define "levada.rules" -}}
- apiGroups: [levada.dev]
  resources: [pipelineruns]
  verbs: [get, list, watch, patch]
- apiGroups: [levada.dev]
  resources: [pipelines, components]
  verbs: [get, list, watch]
- apiGroups: [levada.dev]
  resources: [pipelineruns/status, pipelines/status, components/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [levada-store]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
