"""The chart, rendered: the objects by kind and name, and what several tests look for in them."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

REPO = Path(__file__).parents[3]
CHART = REPO / "helm" / "levada"
SEED = "store.embedded.seed=a-text-of-enough-length"
EVERYTHING = (
    "replicas=2", "podDisruptionBudget=true", "networkPolicy=true", "imagePullSecrets={login}",
    "image.registry=registry.example.com", "store.embedded.enabled=true", SEED,
)  # fmt: skip
Json = dict[str, Any]


class RefusedError(Exception):
    """Helm's own words."""


def template(helm: str, *settings: str, namespace: str = "levada-system", kubernetes: str = "") -> str:
    sets = itertools.chain.from_iterable(("--set", setting) for setting in settings)
    version = ["--kube-version", kubernetes] if kubernetes else []
    argv = [helm, "template", "levada", CHART, "--namespace", namespace, *version, *sets]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RefusedError(done.stderr)
    return done.stdout


def load(text: str) -> dict[tuple[str, ...], Json]:
    """The objects in `text` by kind, namespace (where there is one) and name."""
    objects = [each for each in YAML(typ="safe", pure=True).load_all(text) if each]
    by_name = {}
    for each in objects:
        metadata = each["metadata"]
        by_name[each["kind"], *filter(None, [metadata.get("namespace")]), metadata["name"]] = each
    assert len(by_name) == len(objects), "two objects have one name"
    return by_name


def operator_container(objects) -> Json:
    return objects["Deployment", "levada-system", "levada"]["spec"]["template"]["spec"]["containers"][0]


def pod_specs(objects) -> dict[str, Json]:
    return {
        key[-1]: each["spec"]["template"]["spec"]
        for key, each in objects.items()
        if each["kind"] in ("Deployment", "StatefulSet", "Job")
    }


def flat(rules: list[Json]) -> dict[tuple[str, ...], str]:
    """Verbs by API group, resource and (where there is one) name."""
    return {
        (group, resource, *rule.get("resourceNames", [])): " ".join(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def store_of(objects, namespace: str) -> dict[str, str]:
    config, secret = (objects[kind, namespace, "levada-store"] for kind in ("ConfigMap", "Secret"))
    return config["data"] | secret.get("stringData", {})
