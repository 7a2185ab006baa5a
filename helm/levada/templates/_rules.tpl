{{- /*
What the operator may do where it works: each verb is one that it uses.
Not here, on purpose: customresourcedefinitions and namespaces, secrets but for one name,
deletecollection, and any write to specs: the operator annotates runs and writes statuses.
*/ -}}
{{- define "levada.rules" -}}
- apiGroups: [levada.dev]
  resources: [pipelineruns]
  # patch: the annotation that says which object was started, so that a restored backup runs nothing
  # delete: runs whose time is over, where they or their Pipeline say when that is
  verbs: [get, list, watch, patch, delete]
- apiGroups: [levada.dev]
  resources: [pipelines, components]
  verbs: [get, list, watch]
- apiGroups: [levada.dev]
  resources: [pipelineruns/status, pipelines/status, components/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [pods]
  # patch: taking off the finalizer that holds a finished Pod until its result is recorded
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods/log]
  # The end of a failed task's log goes to the store.
  verbs: [get]
- apiGroups: [""]
  resources: [configmaps]
  # The frozen definition and bulky outputs of a run; `levada-store`.
  verbs: [get, create]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  # Those that tasks of Kubeflow pipelines make (`CreatePVC`) and remove (`DeletePVC`).
  verbs: [get, create, delete]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [levada-store]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  # list: why a Pod does not start (a volume that is not there) only its Events say
  verbs: [create, list]
{{- end }}
