"""What an API server says about our three kinds."""

KINDS = {"pipelineruns": "PipelineRun", "pipelines": "Pipeline", "components": "Component"}


def run_path(namespace: str, name: str, plural: str = "pipelineruns") -> str:
    return f"/apis/levada.dev/v1alpha1/namespaces/{namespace}/{plural}/{name}"


def publish(server) -> None:
    """Make them discoverable."""
    version = {"groupVersion": "levada.dev/v1alpha1", "version": "v1alpha1"}
    group = {"name": "levada.dev", "versions": [version], "preferredVersion": version}
    server.documents["/apis"] = {"kind": "APIGroupList", "groups": [group]}
    server.documents["/api"] = {"kind": "APIVersions", "versions": ["v1"]}
    namespaces = {"name": "namespaces", "singularName": "namespace", "namespaced": False, "kind": "Namespace"}
    server.documents["/api/v1"] = {"groupVersion": "v1", "resources": [namespaces | {"verbs": ["list", "watch"]}]}
    server.documents["/apis/levada.dev/v1alpha1"] = {
        "kind": "APIResourceList",
        "groupVersion": "levada.dev/v1alpha1",
        "resources": [
            {"name": plural, "singularName": kind.lower(), "namespaced": True, "kind": kind}
            | {"verbs": ["get", "list", "watch", "patch"], "categories": ["levada"]}
            for plural, kind in KINDS.items()
        ],
    }
