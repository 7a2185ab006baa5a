"""The Pod of one attempt: one container, at most one sidecar, and as little else as can be.

Every rule with a number comes from an experiment on a real cluster; `docs/architecture.md` tells each story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.pod_template import check_template
from levada.graph.model import Component, Datum
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.handoff import Assignment
from levada.planner.layout import Layout, argument_too_long, lay_out
from levada.planner.locations import attempt_root
from levada.planner.names import (
    ATTEMPT_ANNOTATION,
    RESULT_FINALIZER,
    RUN_LABEL,
    SPEC_ANNOTATION,
    STORE_OBJECT,
    TASK_ANNOTATION,
    VALUES_ANNOTATION,
    digest_of,
    owner_of,
    pod_name,
)
from levada.planner.settings import PodSettings
from levada.planner.sighting import AGENT, MAIN

FOLDER = "/levada"
VALUES_LIMIT = 240_000
"""Bytes of all parameters that a Pod carries as files: annotations hold 256 KiB in all. The store takes the rest."""
GRACE = 30
"""Seconds that a container without an agent gets to end."""
_KUBEFLOW_HOMES = ("/.local", "/.cache", "/.config")


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What a Pod needs to know of its run.

    Attributes
    ----------
    store_url
        None where there is no store that the run can use.
    store_fault
        Why not, where there is one.
    """

    name: str
    namespace: str
    uid: str
    store_url: str | None = None
    store_fault: Failure | None = None


@dataclass(frozen=True, slots=True)
class BuiltPod:
    """An attempt's Pod, and the parameters (URI to text) that must stand in the store before it is created."""

    manifest: dict[str, Any]
    values: Mapping[str, str]


def build_pod(
    run: RunIdentity,
    path: str,
    attempt: int,
    component: Component,
    inputs: Mapping[str, Datum],
    template: Mapping[str, Any],
    settings: PodSettings,
) -> BuiltPod | Failure:
    """The attempt's Pod, or why there can be none."""
    if template.get("podSecurity") == "restricted":
        settings = replace(settings, restricted=True)
    if refusal := _forbidden(template, settings):
        return refusal
    root = attempt_root(run.store_url or "none:", run.namespace, run.uid, path, attempt)
    layout = lay_out(component, inputs, FOLDER, root, values_limit=VALUES_LIMIT, has_roots=True)
    if refusal := _refuse(layout, run):
        return refusal
    has_agent = bool(layout.stage or layout.collect)
    annotations = {TASK_ANNOTATION: path, ATTEMPT_ANNOTATION: str(attempt)} | _value_annotations(layout)
    spec = _spec(run, path, attempt, component, layout, template, settings)
    if has_agent:
        spec["initContainers"] = [_agent(layout, root, component.output_grace, settings)]
        spec["terminationGracePeriodSeconds"] = component.output_grace
    annotations[SPEC_ANNOTATION] = digest_of([spec, annotations])
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(run.name, run.uid, path, attempt),
            "namespace": run.namespace,
            "labels": {**template.get("labels", {}), RUN_LABEL: run.name},
            "annotations": {**template.get("annotations", {}), **annotations},
            "finalizers": [RESULT_FINALIZER],
            "ownerReferences": [owner_of(run.name, run.uid)],
        },
        "spec": spec,
    }
    return BuiltPod(manifest, layout.stored)


def _forbidden(template: Mapping[str, Any], settings: PodSettings) -> Failure | None:
    """The failure of a template with names that a run may not use: some are known only now."""
    if not template:
        return None
    mistakes = Mistakes()
    check_template(template, Path(("podTemplate",)), settings.allowed, mistakes)
    said = "; ".join(str(mistake) for mistake in mistakes)
    return Failure(reasons.NAME_NOT_ALLOWED, said) if said else None


def _refuse(layout: Layout, run: RunIdentity) -> Failure | None:
    if refusal := argument_too_long(layout):
        return refusal
    if not (layout.stage or layout.collect) or run.store_url is not None:
        return None
    if run.store_fault:
        return run.store_fault
    cause = "artifacts or several outputs"
    if layout.stored:
        cause = f"parameters of more than {VALUES_LIMIT:,} bytes in all, which go through a store"
    return Failure(
        reasons.NO_STORE,
        f"the task has {cause}, and namespace {run.namespace} has no store: "
        f"create the ConfigMap and the Secret {STORE_OBJECT} (see docs/store.md)",
    )


def _spec(
    run: RunIdentity,
    path: str,
    attempt: int,
    component: Component,
    layout: Layout,
    template: Mapping[str, Any],
    settings: PodSettings,
) -> dict[str, Any]:
    main: dict[str, Any] = {
        "name": MAIN,
        "image": settings.image(layout.run.image),
        "env": _env(run, path, attempt, component, layout, template, settings),
        "securityContext": _container_security(settings),
        "terminationMessagePolicy": "FallbackToLogsOnError" if component.log_tail else "File",
        "volumeMounts": _mounts(layout) + _homes(component)[0] + template.get("volumeMounts", []),
    }
    if component.command or component.args:
        main |= {
            "command": [_literal(text) for text in layout.run.command],
            "args": [_literal(text) for text in layout.run.args],
        }
    if resources := template.get("resources") or layout.run.resources:
        main["resources"] = resources
    if layout.single:
        main["terminationMessagePath"] = layout.single
    if policy := template.get("imagePullPolicy"):
        main["imagePullPolicy"] = policy
    if not settings.restricted:  # Where the installation says who runs, nobody else does.
        main["securityContext"] |= template.get("securityContext", {})
    if env_from := template.get("envFrom"):
        main["envFrom"] = env_from
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        "automountServiceAccountToken": template.get("automountServiceAccountToken", False),
        "securityContext": _pod_security(settings),
        "containers": [{key: value for key, value in main.items() if value not in ([], {})}],
        "terminationGracePeriodSeconds": GRACE,
    }
    spec |= {key: template[key] for key in _PLACEMENT if key in template}
    if volumes := _volumes(layout) + _homes(component)[1] + template.get("volumes", []):
        spec["volumes"] = volumes
    return spec


def _env(
    run: RunIdentity,
    path: str,
    attempt: int,
    component: Component,
    layout: Layout,
    template: Mapping[str, Any],
    settings: PodSettings,
) -> list[dict[str, Any]]:
    """The installation's variables stand aside for those of the component and the template."""
    own = layout.run.env | {
        "LEVADA_RUN": run.name,
        "LEVADA_NAMESPACE": run.namespace,
        "LEVADA_TASK": path,
        "LEVADA_ATTEMPT": str(attempt),
    }
    entries = [*_literals(own), *_kubeflow_env(component, attempt), *template.get("env", [])]
    taken = {entry["name"] for entry in entries}
    return _literals({name: value for name, value in settings.task_env.items() if name not in taken}) + entries


def _literals(env: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": _literal(value)} for name, value in env.items()]


_PLACEMENT = (
    "nodeSelector",
    "tolerations",
    "affinity",
    "serviceAccountName",
    "priorityClassName",
    "runtimeClassName",
    "imagePullSecrets",
)


def _agent(layout: Layout, root: str, grace: int, settings: PodSettings) -> dict[str, Any]:
    ready = f"{FOLDER}/inputs/.ready"
    told = Assignment(root, layout.stage, layout.collect, layout.answer, grace)
    assignment = msgspec.json.encode(told).decode()
    agent: dict[str, Any] = {
        "name": AGENT,
        "image": settings.agent_image,
        "command": ["python3", "-m", "levada.agent"],
        "restartPolicy": "Always",
        "env": [
            {"name": "LEVADA_ASSIGNMENT", "value": _literal(assignment)},
            {"name": "LEVADA_READY_FILE", "value": ready},
        ],
        # The main container starts only after this probe: half a day may pass before staging is given up.
        "startupProbe": {"exec": {"command": ["test", "-e", ready]}, "periodSeconds": 1, "failureThreshold": 43200},
        "securityContext": _agent_security(settings),
        "resources": dict(settings.agent_resources),
        "volumeMounts": [
            {"name": "levada-inputs", "mountPath": f"{FOLDER}/inputs"},
            {"name": "levada-outputs", "mountPath": f"{FOLDER}/outputs"},
            {"name": "levada-store", "mountPath": f"{FOLDER}/store", "readOnly": True},
            *_shared(layout),
        ],
    }
    if settings.pull_policy:
        agent["imagePullPolicy"] = settings.pull_policy
    return agent


def _mounts(layout: Layout) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = []
    if layout.values:
        mounts.append({"name": "levada-values", "mountPath": f"{FOLDER}/values", "readOnly": True})
    if layout.stage:
        mounts.append({"name": "levada-inputs", "mountPath": f"{FOLDER}/inputs", "readOnly": True})
    if layout.collect or layout.single:
        mounts.append({"name": "levada-outputs", "mountPath": f"{FOLDER}/outputs"})
    return mounts + _shared(layout)


def _shared(layout: Layout) -> list[dict[str, Any]]:
    """The mounts of the folders at the top, in both containers."""
    return [{"name": _volume_of(root), "mountPath": root} for root in layout.roots]


def _volume_of(root: str) -> str:
    return "levada" + root.replace("/.", "/").replace("/", "-")


def _homes(component: Component) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Mounts and volumes of folders that Kubeflow makes for programs whose user has no home."""
    roots = _KUBEFLOW_HOMES if component.convention == "Kubeflow" else ()
    mounts = [{"name": _volume_of(root), "mountPath": root} for root in roots]
    return mounts, [{"name": _volume_of(root), "emptyDir": {}} for root in roots]


def _kubeflow_env(component: Component, attempt: int) -> list[dict[str, Any]]:
    """What Kubeflow tells its containers of themselves."""
    if component.convention != "Kubeflow":
        return []
    fields = {"KFP_POD_NAME": "metadata.name", "KFP_POD_UID": "metadata.uid"}
    told = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]
    return told + ([{"name": "KFP_RETRY_INDEX", "value": str(attempt)}] if attempt else [])


def _volumes(layout: Layout) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = []
    if layout.values:
        items = [
            {
                "path": path.rpartition("/")[2],
                "fieldRef": {"fieldPath": f"metadata.annotations['{VALUES_ANNOTATION}{index}']"},
            }
            for index, path in enumerate(layout.values)
        ]
        volumes.append({"name": "levada-values", "downwardAPI": {"items": items}})
    if layout.stage or layout.collect:
        sources = [{"configMap": {"name": STORE_OBJECT}}, {"secret": {"name": STORE_OBJECT, "optional": True}}]
        volumes += [
            {"name": "levada-inputs", "emptyDir": {}},
            {"name": "levada-store", "projected": {"sources": sources}},
        ]
    if layout.stage or layout.collect or layout.single:
        volumes.append({"name": "levada-outputs", "emptyDir": {}})
    return volumes + [{"name": _volume_of(root), "emptyDir": {}} for root in layout.roots]


def _value_annotations(layout: Layout) -> dict[str, str]:
    return {f"{VALUES_ANNOTATION}{index}": text for index, text in enumerate(layout.values.values())}


def _pod_security(settings: PodSettings) -> dict[str, Any]:
    security: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if settings.restricted:
        # One user for all containers: another user's 0600 files could not be read, whatever fsGroup says.
        security |= {
            "runAsNonRoot": True,
            "runAsUser": settings.user,
            "runAsGroup": settings.group,
            "fsGroup": settings.group,
        }
    return security


def _container_security(settings: PodSettings) -> dict[str, Any]:
    security: dict[str, Any] = {"allowPrivilegeEscalation": False}
    if settings.restricted:
        security["capabilities"] = {"drop": ["ALL"]}
    return security


def _agent_security(settings: PodSettings) -> dict[str, Any]:
    security = _container_security(settings) | {"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if not settings.restricted:
        security |= {"runAsUser": 0, "capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]}}
    return security


def _literal(text: str) -> str:
    """`text` such that the kubelet, which expands `$(VAR)` and folds `$$`, hands it on as it is."""
    return text.replace("$", "$$")
