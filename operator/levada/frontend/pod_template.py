"""`podTemplate`: merged from run, pipeline and task, and kept from reaching what is not the run's to use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from levada.frontend.component import check_env_name
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.shape import mapping, named, sequence

STORE_SECRET = "levada-store"  # noqa: S105  # a name
"""The Secret with the store's credentials: the agent alone reads it."""

OWN_DOMAIN = "levada.dev"

_OBEYED_PREFIXES = ("io.kubernetes.cri-o", "io.katacontainers.", "dev.gvisor.", "cdi.k8s.io")
_OBEYED_SUFFIXES = (".crio.io", ".cri-o.io", ".nri.io", ".nri.containerd.io")
"""By what CRI-O, Kata Containers, gVisor and NRI plugins take devices, mounts and privileges from annotations."""

_KEYS = {"volumes": "name", "volumeMounts": "mountPath", "env": "name", "imagePullSecrets": "name"}
"""Lists whose items are told apart by a key; the nearer item of two with the same key counts."""

_ADDED_UP = frozenset({"tolerations", "envFrom"})
"""Lists whose items have no name: all levels count."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator's chart lets runs use by name."""

    service_accounts: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()


def merge(*templates: Mapping[str, Any] | None) -> dict[str, Any]:
    """The template that holds for a task; `templates` go from the farthest (the run's) to the nearest (the task's)."""
    return reduce(_over, (mapping(template) for template in templates), {})


def _over(far: Mapping[str, Any], near: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(far)
    for key, value in near.items():
        below = far.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _over(below, value)
        elif isinstance(value, list) and isinstance(below, list) and key in _KEYS:
            merged[key] = _by_key(_KEYS[key], below + value)
        elif isinstance(value, list) and isinstance(below, list) and key in _ADDED_UP:
            merged[key] = below + [item for item in value if item not in below]
        else:
            merged[key] = value
    return merged


def _by_key(key: str, items: list[Any]) -> list[Any]:
    return list({mapping(item).get(key): item for item in items}.values())


def check_template(template: Any, path: Path, allowed: Allowed | None, mistakes: Mistakes) -> None:
    """Refuse what one level's template may not name; without `allowed` (a laptop) every name but the store's passes."""
    template = mapping(template)
    for place, name in _secrets(template, path):
        if name == STORE_SECRET:
            mistakes.add(
                place, f"the Secret {STORE_SECRET} holds the store's credentials and is for Levada's agent alone"
            )
        elif allowed is not None and name not in allowed.secrets:
            mistakes.add(place, f"the Secret {name!r} is not allowed: list it in the chart value allowedSecrets")
    account = template.get("serviceAccountName")
    if allowed is not None and isinstance(account, str) and account not in allowed.service_accounts:
        mistakes.add(
            path / "serviceAccountName",
            f"the ServiceAccount {account!r} is not allowed: list it in the chart value allowedServiceAccounts",
        )
    for field in ("labels", "annotations"):
        for key in mapping(template.get(field)):
            if fault := _domain_fault(str(key).partition("/")[0].lower()):
                mistakes.add(path / field / key, f"{field} in the domain {fault}")
    for index, name, _ in named(template.get("env")):
        check_env_name(name, path / "env" / index / "name", mistakes)


def _domain_fault(domain: str) -> str | None:
    """Why a run may not use labels and annotations of a domain; None when it may."""
    if domain == OWN_DOMAIN or domain.endswith("." + OWN_DOMAIN):
        return f"{OWN_DOMAIN} are Levada's own"
    # Older clusters read AppArmor's and seccomp's profiles from there, past what podTemplate lets through.
    if domain.endswith(".kubernetes.io") and "security" in domain.split("."):
        return f"{domain} loosen how a Pod is confined: podTemplate has no such setting"
    if domain.startswith(_OBEYED_PREFIXES) or f".{domain}".endswith(_OBEYED_SUFFIXES):
        return f"{domain} are obeyed by container runtimes, past what podTemplate lets through"
    return None


def check_mounts(template: Mapping[str, Any], path: Path, mistakes: Mistakes) -> None:
    """Refuse mounts of volumes that the merged template does not have."""
    volumes = [name for _, name, _ in named(template.get("volumes"))]
    for mount in sequence(template.get("volumeMounts")):
        name = mapping(mount).get("name")
        if isinstance(name, str) and name not in volumes:
            mistakes.add_unknown(path / "volumeMounts", "volume", name, volumes)


def _secrets(template: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """The name of every Secret that a template mentions, wherever in its volumes and environment it does."""
    for index, name, _ in named(template.get("imagePullSecrets")):
        yield path / "imagePullSecrets" / index / "name", name
    for field in ("volumes", "env", "envFrom"):
        yield from _mentioned(template.get(field), path / field)


def _mentioned(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Names below a key such as `secret`, `secretRef` or `secretKeyRef`, and every `secretName`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _mentioned(item, path / index)
    of_secret = "secret" in str(path.steps[-1]).lower()
    for key, item in mapping(value).items():
        if isinstance(item, str) and (key == "secretName" or (key == "name" and of_secret)):
            yield path / key, item
        yield from _mentioned(item, path / key)
