"""What a compiled pipeline says of Kubernetes, as options of the Pods of a task.

Names may come from inputs and other tasks; then the options have bindings in them and are known only at run time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from levada.frontend.kfp import platform_ir as ir
from levada.frontend.kfp.bindings import Sources
from levada.frontend.mistakes import Path
from levada.graph.model import Binding, Field

Options = dict[str, Any]
_INSTEAD = {
    "podAffinity": "say it with `affinity` of the run's podTemplate",
    "initContainers": "a task's Pod has one container of the user's; do it in its command, or in a task before it",
}
_SHARED_MEMORY = "/dev/shm"  # noqa: S108  # where programs look for it


@dataclass
class PodReader:
    """Reads what is said of the Pods of one task.

    Attributes
    ----------
    task
        Its name.
    sources
        What it may take names from.
    at
        Where it is said.
    """

    task: str
    sources: Sources
    at: Path
    _volumes: list[Any] = field(default_factory=list)
    _mounts: list[Any] = field(default_factory=list)

    def read(self, config: ir.Config) -> Options:
        """The options, in the form of a `podTemplate`; what is not said is left out."""
        for name in ("pod_affinity", "init_containers"):
            if getattr(config, name):
                camel = "podAffinity" if name == "pod_affinity" else "initContainers"
                self.sources.mistakes.add(self.at / camel, f"is not supported: {_INSTEAD[camel]}")
        self._volumes, self._mounts = [], []
        for source, mount in self._mounted(config):
            self._mount(source, mount)
        context = config.security_context.model_dump(by_alias=True, exclude_none=True)
        options: Options = {
            "env": [*self._env(config)],
            "volumes": self._volumes,
            "volumeMounts": self._mounts,
            "nodeSelector": self._node_selector(config.node_selector),
            "tolerations": [self._toleration(item, index) for index, item in enumerate(config.tolerations)],
            "affinity": self._affinity(config.node_affinity),
            "labels": config.pod_metadata.labels,
            "annotations": config.pod_metadata.annotations,
            "imagePullSecrets": [
                {"name": self._name(item.secret_name, item.secret_name_parameter, self.at / "imagePullSecret" / index)}
                for index, item in enumerate(config.image_pull_secret)
            ],
            "imagePullPolicy": config.image_pull_policy,
            "securityContext": context,
        }
        return {name: option for name, option in options.items() if option not in ([], {}, "", None)}

    def _env(self, config: ir.Config) -> Iterator[Options]:
        for index, secret in enumerate(config.secret_as_env):
            name = self._name(secret.secret_name, secret.secret_name_parameter, self.at / "secretAsEnv" / index)
            for item in secret.key_to_env:
                reference = _optional({"name": name, "key": item.secret_key}, optional=secret.optional)
                yield {"name": item.env_var, "valueFrom": {"secretKeyRef": reference}}
        for index, config_map in enumerate(config.config_map_as_env):
            at = self.at / "configMapAsEnv" / index
            name = self._name(config_map.config_map_name, config_map.config_map_name_parameter, at)
            for item in config_map.key_to_env:
                reference = _optional({"name": name, "key": item.config_map_key}, optional=config_map.optional)
                yield {"name": item.env_var, "valueFrom": {"configMapKeyRef": reference}}
        for variable in config.field_path_as_env:
            yield {"name": variable.name, "valueFrom": {"fieldRef": {"fieldPath": variable.field_path}}}

    def _mounted(self, config: ir.Config) -> Iterator[tuple[Options, Options]]:
        """Each volume without its name, and its mount without that."""
        for index, secret in enumerate(config.secret_as_volume):
            name = self._name(secret.secret_name, secret.secret_name_parameter, self.at / "secretAsVolume" / index)
            source = _optional({"secretName": name}, optional=secret.optional)
            yield {"secret": source}, {"mountPath": secret.mount_path, "readOnly": True}
        for index, config_map in enumerate(config.config_map_as_volume):
            at = self.at / "configMapAsVolume" / index
            name = self._name(config_map.config_map_name, config_map.config_map_name_parameter, at)
            source = _optional({"name": name}, optional=config_map.optional)
            yield {"configMap": source}, {"mountPath": config_map.mount_path, "readOnly": True}
        for index, claim in enumerate(config.pvc_mount):
            mount = {"mountPath": claim.mount_path} | ({"subPath": claim.sub_path} if claim.sub_path else {})
            yield {"persistentVolumeClaim": {"claimName": self._claim(claim, self.at / "pvcMount" / index)}}, mount
        for volume in config.generic_ephemeral_volume:
            spec: Options = {
                "accessModes": list(volume.access_modes),
                "resources": {"requests": {"storage": volume.size}},
            }
            if not volume.default_storage_class:
                spec["storageClassName"] = volume.storage_class_name
            metadata = volume.metadata.model_dump(by_alias=True)
            template = {"metadata": metadata, "spec": spec}
            yield {"ephemeral": {"volumeClaimTemplate": template}}, {"mountPath": volume.mount_path}
        for scratch in config.empty_dir_mounts:
            yield {"emptyDir": _scratch(scratch.medium, scratch.size_limit)}, {"mountPath": scratch.mount_path}
        if config.enabled_shared_memory is not None:
            source = _scratch("Memory", config.enabled_shared_memory.size)
            yield {"emptyDir": source}, {"mountPath": _SHARED_MEMORY}

    def _mount(self, source: Options, mount: Options) -> None:
        """Volumes are numbered: their names may be known at run time only."""
        name = next((volume["name"] for volume in self._volumes if volume | source == volume), None)
        if name is None:
            name = f"kfp-{len(self._volumes)}"
            self._volumes.append({"name": name, **source})
        self._mounts.append({"name": name, **mount})

    def _claim(self, claim: ir.ClaimMount, at: Path) -> Any:
        if claim.constant is not None:
            return claim.constant
        return self._value(claim.pvc_name_parameter or claim, at)

    def _name(self, constant: str, parameter: Any, at: Path) -> Any:
        """The name of an object: the newer field counts, where it says something."""
        found = self._value(parameter, at) if parameter is not None else None
        return found if found not in (None, "") else constant or None

    def _value(self, parameter: Any, at: Path) -> Any:
        """A value as it is written out, or a binding."""
        return self.sources.value(self.task, parameter, at)

    def _node_selector(self, selector: ir.NodeSelector) -> Any:
        if selector.node_selector_json is not None:
            return _json(self._value(selector.node_selector_json, self.at / "nodeSelector" / "nodeSelectorJson"))
        return selector.labels

    def _toleration(self, toleration: ir.Toleration, index: int) -> Any:
        if toleration.toleration_json is not None:
            return _json(self._value(toleration.toleration_json, self.at / "tolerations" / index / "tolerationJson"))
        return {
            name: value
            for name, value in toleration.model_dump(by_alias=True, exclude={"toleration_json"}).items()
            if value not in ("", None)
        }

    def _affinity(self, terms: tuple[ir.NodeAffinity, ...]) -> Any:
        needed, preferred = [], []
        if len(terms) > 1 and any(term.node_affinity_json is not None for term in terms):
            self.sources.mistakes.add(
                self.at / "nodeAffinity", "a nodeAffinityJson says all there is to say: write one"
            )
        for index, term in enumerate(terms):
            if term.node_affinity_json is not None:
                return {
                    "nodeAffinity": _json(
                        self._value(term.node_affinity_json, self.at / "nodeAffinity" / index / "nodeAffinityJson")
                    )
                }
            rules = {
                "matchExpressions": [
                    rule.model_dump() | {"values": list(rule.values)} for rule in term.match_expressions
                ],
                "matchFields": [rule.model_dump() | {"values": list(rule.values)} for rule in term.match_fields],
            }
            rules = {name: listed for name, listed in rules.items() if listed}
            if term.weight is None:
                needed.append(rules)
            else:
                preferred.append({"weight": term.weight, "preference": rules})
        affinity: Options = {}
        if needed:
            affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": needed}
        if preferred:
            affinity["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
        return {"nodeAffinity": affinity} if affinity else {}


def _json(value: Any) -> Any:
    """A value, or what text means as JSON."""
    if _is_binding(value):
        return Field(value)
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _is_binding(value: Any) -> bool:
    return isinstance(value, Binding)


def has_bindings(options: Any) -> bool:
    """Whether something in the options is known at run time only."""
    if isinstance(options, dict):
        return any(map(has_bindings, options.values()))
    if isinstance(options, list):
        return any(map(has_bindings, options))
    return _is_binding(options)


def _optional(reference: Options, *, optional: bool) -> Options:
    return reference | ({"optional": True} if optional else {})


def _scratch(medium: str, size: str) -> Options:
    return ({"medium": medium} if medium else {}) | ({"sizeLimit": size} if size else {})
