"""What a run asks of its surroundings and what this machine makes of it: refused where it would matter, else said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.graph import workspace
from levada.graph.model import Component, Graph, Task
from levada.local.errors import NotPossibleHereError

_OF_A_CLUSTER = (
    "nodeSelector",
    "tolerations",
    "affinity",
    "serviceAccountName",
    "automountServiceAccountToken",
    "priorityClassName",
    "runtimeClassName",
    "imagePullSecrets",
    "podSecurity",
    "volumes",
    "volumeMounts",
    "labels",
    "annotations",
)
_OF_RETENTION = ("ttlAfterFinished", "podCleanup", "artifactPolicy")
"""A laptop's runs stay until somebody removes their folders."""


@dataclass(slots=True)
class Findings:
    """What cannot be had here, and what does not count here."""

    refused: list[str] = field(default_factory=list)
    ignored: dict[str, None] = field(default_factory=dict)
    unset: dict[str, None] = field(default_factory=dict)
    images: bool = False


def look_at(spec: Mapping[str, Any], graph: Graph, *, uses_images: bool) -> list[str]:
    """Sentences about what of a run (its spec, and the graph of it) does not count on this machine.

    Raises
    ------
    NotPossibleHereError
        Naming everything that the run cannot do without.
    """
    findings = Findings()
    for wish in ("suspend", "cancel"):
        if spec.get(wish):
            findings.refused.append(
                f"`{wish}: true` steers a run in a cluster; here Ctrl-C stops a run and its --name goes on with it"
            )
    findings.ignored |= dict.fromkeys(wish for wish in _OF_RETENTION if wish in spec)
    for path, task, component in _leaves(graph, ""):
        _look_at_template(path, task.pod, findings, uses_images=uses_images)
        options = task.bound_pod.shape if task.bound_pod else {}
        _ignore(options, findings, uses_images=uses_images)
        findings.unset |= {variable["name"]: None for variable, _, _ in _unset(options)}
        if not uses_images:
            findings.images |= bool(component.image)
            if component.resources:
                findings.ignored["resources"] = None
            if not component.command:
                findings.refused.append(
                    f"task {path}: its component has no command, and what its image starts is not known here; "
                    "add `command`, or use --runner podman"
                )
    if findings.refused:
        raise NotPossibleHereError("; ".join(dict.fromkeys(findings.refused)))
    return [*_sentences(findings)]


def _sentences(findings: Findings) -> Iterator[str]:
    if findings.images:
        yield "tasks run as processes of this machine: their images are not used"
    if findings.ignored:
        yield f"without effect here: {', '.join(findings.ignored)}"
    if findings.unset:
        names = ", ".join(findings.unset)
        yield f"from a cluster's Secrets or ConfigMaps, unless the environment of this command sets it: {names}"


def template_environment(template: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a `podTemplate` sets; those from Secrets and ConfigMaps are taken from our own environment."""
    environment: dict[str, str] = {}
    for variable in template.get("env", []):
        name = variable["name"]
        if "valueFrom" not in variable:
            environment[name] = variable.get("value", "")
        elif name in os.environ:
            environment[name] = os.environ[name]
    return environment


def _leaves(graph: Graph, prefix: str) -> Iterator[tuple[str, Task, Component]]:
    for name, task in [*graph.tasks.items(), *((f"finally.{name}", task) for name, task in graph.finals.items())]:
        if isinstance(task.body, Graph):
            yield from _leaves(task.body, f"{prefix}{name}.")
        elif isinstance(task.body, Component):
            yield f"{prefix}{name}", task, task.body


def _ignore(template: Mapping[str, Any], findings: Findings, *, uses_images: bool) -> None:
    """Note what does not count here: a container can be given claims, a process the workspace, and no other volume."""
    volumes = template.get("volumes", [])
    had_here = [
        "persistentVolumeClaim" in volume if uses_images else volume["name"] == workspace.VOLUME for volume in volumes
    ]
    had = ("volumes", "volumeMounts") if all(had_here) else ()
    findings.ignored |= dict.fromkeys(key for key in _OF_A_CLUSTER if key in template and key not in had)


def _look_at_template(path: str, template: Mapping[str, Any], findings: Findings, *, uses_images: bool) -> None:
    _ignore(template, findings, uses_images=uses_images)
    if "resources" in template and not uses_images:
        findings.ignored["resources"] = None
    for variable, source, reference in _unset(template):
        findings.refused.append(
            f"task {path}: {variable['name']} comes from a cluster's {_kind(source)} {reference['name']!r}; "
            f"set {variable['name']} in the environment of this command"
        )
    for source in template.get("envFrom", []):
        reference = source.get("secretRef") or source.get("configMapRef")
        if reference and not reference.get("optional"):
            findings.refused.append(
                f"task {path}: its envFrom takes all of a cluster's {_kind(source)} {reference['name']!r}, which is "
                "not here; name the variables one by one with `env`, and set them in the environment of this command"
            )


def _unset(template: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """The variables that a cluster would know and this machine does not, with their sources and what these name."""
    for variable in template.get("env", []):
        source = variable.get("valueFrom") or {}
        reference = source.get("secretKeyRef") or source.get("configMapKeyRef")
        if reference and variable["name"] not in os.environ and not reference.get("optional"):
            yield variable, source, reference


def _kind(source: Mapping[str, Any]) -> str:
    return "Secret" if any(key.startswith("secret") for key in source) else "ConfigMap"
