"""Helm installs, upgrades and removes Levada while runs are at work."""

import shutil

import pytest

from cluster.install import CHART
from cluster.kubectl import KubectlError
from e2e.runs import Runs
from install.release import NAMESPACE, held
from install.tasks import after, gated, number

KINDS = ("components", "pipelines", "pipelineruns")


@pytest.fixture
def older_chart(tmp_path):
    """The chart of a version whose components did not have `logTail` yet."""
    chart = tmp_path / "levada"
    shutil.copytree(CHART, chart)
    kind = chart / "files" / "crds" / "components.yaml"
    text = kind.read_text()
    assert "logTail:" in text
    kind.write_text(text.replace("logTail:", "olderName:"))
    return chart


def fields_of_a_component(kubectl):
    kind = kubectl.json("get", "crd", "components.levada.dev")
    return kind["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"].keys()


def test_an_upgrade_brings_new_kinds_and_runs_go_on(levada, runs, gates, kubectl, older_chart):
    levada.upgrade(chart=older_chart)
    assert "logTail" not in fields_of_a_component(kubectl)
    runs.start("before", {"one": gated(), "two": after("one")}, outputs={"n": {"task": "two", "output": "n"}})
    runs.running("before")
    first = levada.replicas()
    levada.upgrade("podAnnotations.version=newer")
    assert "logTail" in fields_of_a_component(kubectl)
    assert not levada.replicas() & first, "the operator was not replaced: this was no upgrade"
    gates.open(runs, "before", "one")
    status, _ = runs.succeed("before")
    assert status["outputs"] == {"n": 7}


def test_an_upgrade_refuses_a_misspelt_value_and_changes_nothing(levada, kubectl):
    before = kubectl.json("-n", NAMESPACE, "get", "deployment", "levada")["metadata"]["generation"]
    with pytest.raises(Exception, match="replica"):
        levada.upgrade("replica=2")
    assert kubectl.json("-n", NAMESPACE, "get", "deployment", "levada")["metadata"]["generation"] == before


@pytest.mark.fault("Levada is uninstalled during runs", seen="Pods are let go: nothing is stuck")
def test_uninstalling_in_the_middle_of_runs_leaves_nothing_stuck(levada, runs, gates, kubectl, namespace, wait_for):
    runs.start("middle", {"one": gated(), "two": after("one")})
    runs.running("middle")
    assert held(kubectl)
    levada.uninstall()
    assert not held(kubectl)
    assert not kubectl.json("-n", NAMESPACE, "get", "deployments,jobs,services,serviceaccounts", "-l",
                            "app.kubernetes.io/name=levada")["items"]  # fmt: skip
    roles = kubectl("get", "clusterroles,clusterrolebindings", "-o", "name").split()
    assert not [name for name in roles if "/levada" in name]
    # What people made is kept: the kinds, and with them every run.
    kubectl("get", "crd", *(f"{kind}.levada.dev" for kind in KINDS))
    assert runs.get("middle")["status"]["phase"] == "Running"
    # Installed again, Levada takes the run up where it was, though the task ended while nobody looked.
    gates.open(runs, "middle", "one")
    levada.settle()
    runs.succeed("middle")


@pytest.mark.fault("a namespace with runs is deleted when Levada is not there any more", seen="it goes")
def test_without_levada_a_namespace_with_active_runs_can_be_deleted(levada, kubectl, namespace, wait_for):
    runs = Runs(kubectl, namespace)  # without the invariants at the end: all of it goes
    runs.start("ended", {"one": number()})
    runs.succeed("ended")
    runs.start("middle", {"one": gated()})
    runs.running("middle")
    levada.uninstall()
    kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=100s")
    kubectl("create", "namespace", namespace)  # the fixture deletes it


def test_with_given_namespaces_others_are_left_alone(levada, audit, runs, kubectl, namespace):
    other = f"{namespace}-other"
    kubectl("create", "namespace", other)
    try:
        levada.upgrade(f"watchNamespaces={{{namespace}}}", "podAnnotations.scope=narrow")
        with pytest.raises(KubectlError, match="not found"):
            kubectl("get", "clusterrole", "levada")
        elsewhere = Runs(kubectl, other)
        elsewhere.start("elsewhere", {"one": number()})
        runs.start("here", {"one": number(), "two": after("one")})
        runs.succeed("here")
        assert elsewhere.get("elsewhere")["status"] == {"observedGeneration": -1}
        assert not elsewhere.pods("elsewhere")
        asked = [each for each in audit.requests() if each.replica in levada.replicas()]
        assert {each.namespace for each in asked} == {namespace, NAMESPACE}, "it looks beyond what it was given"
        assert all(each.allowed for each in asked)
        levada.upgrade()
        elsewhere.succeed("elsewhere")
    finally:
        kubectl("delete", "namespace", other, "--wait=false")


@pytest.mark.fault("one of the given namespaces is deleted and the operator starts anew", seen="the others are served")
def test_a_given_namespace_that_is_deleted_does_not_stop_the_others(levada, runs, kubectl, namespace):
    doomed = f"{namespace}-doomed"
    kubectl("create", "namespace", doomed)
    try:
        levada.upgrade(f"watchNamespaces={{{namespace},{doomed}}}")
        kubectl("delete", "namespace", doomed, "--wait=true", "--timeout=100s")
        kubectl("-n", NAMESPACE, "delete", "pods", *levada.replicas())
        runs.start("here", {"one": number(), "two": after("one")})
        runs.succeed("here")
    finally:
        levada.upgrade()
