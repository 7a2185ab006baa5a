"""A GitOps tool applies Components, a Pipeline and a run in any order, twice, and again after drift."""

import json

import pytest

from cluster.kubectl import KubectlError
from e2e import gitops
from e2e.runs import container, kind

_NUMBER = {"outputs": [{"name": "n", "type": "Integer"}]}


def repository(namespace):
    """What stands in Git: two Components, a Pipeline of them and a run."""
    one = container('printf 7 > "$1"', {"outputPath": "n"}, **_NUMBER)["componentSpec"]
    two = container('printf "$1" > "$2"', {"inputValue": "n"}, {"outputPath": "n"},
                    inputs=[{"name": "n", "type": "Integer"}], **_NUMBER)["componentSpec"]  # fmt: skip
    tasks = [
        {"name": "one", "componentRef": {"name": "one"}},
        {"name": "two", "componentRef": {"name": "two"}, "inputs": {"n": {"task": "one", "output": "n"}}},
    ]
    pipeline = {"tasks": tasks, "outputs": {"n": {"task": "two", "output": "n"}}}
    specs = {"one": ("Component", one), "two": ("Component", two), "both": ("Pipeline", pipeline),
             "run": ("PipelineRun", {"pipelineRef": {"name": "both"}})}  # fmt: skip
    return [kind(what, {"name": name, "namespace": namespace}, spec) for name, (what, spec) in specs.items()]


def pods(runs):
    return {(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in runs.pods("run")}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_in_any_order_and_twice_nothing_changes_and_nothing_runs_again(runs, kubectl, namespace, seed):
    objects = repository(namespace)
    gitops.apply(kubectl, objects, seed)
    gitops.apply(kubectl, objects, seed + 100)  # in the middle of the run
    status, _ = runs.succeed("run")
    assert status["outputs"] == {"n": 7}
    before, ran = gitops.versions(kubectl, objects), pods(runs)
    gitops.apply(kubectl, objects, seed + 200)
    gitops.assert_no_difference(kubectl, objects)
    assert gitops.versions(kubectl, objects) == before
    assert pods(runs) == ran
    assert len(ran) == 2


def test_drift_is_put_back_and_the_run_that_was_stays_as_it_was(runs, kubectl, namespace):
    objects = repository(namespace)
    gitops.apply(kubectl, objects, 1)
    runs.succeed("run")
    ran = pods(runs)
    for name, spec in {"component/one": {"description": "changed by hand"}}.items():
        kubectl("patch", name, "-n", namespace, "--type=merge", "-p", json.dumps({"spec": spec}))
    kubectl("patch", "component", "two", "-n", namespace, "--type=json", "-p",
            '[{"op": "remove", "path": "/spec/implementation/container/args/1"}]')  # fmt: skip
    kubectl("label", "pipelinerun", "run", "-n", namespace, "by-hand=yes")
    with pytest.raises(KubectlError, match="cannot be changed"):
        kubectl(
            "patch", "pipelinerun", "run", "-n", namespace, "--type=merge", "-p", '{"spec": {"parameters": {"x": 1}}}'
        )
    with pytest.raises(KubectlError):
        gitops.assert_no_difference(kubectl, objects)
    gitops.apply(kubectl, objects, 2)
    gitops.assert_no_difference(kubectl, objects)
    settled = gitops.versions(kubectl, objects)
    gitops.apply(kubectl, objects, 3)
    # The status of what was changed may still be on its way: generations tell whether Git's word changed anything.
    assert {name: generation for name, (_, generation) in gitops.versions(kubectl, objects).items()} == {
        name: generation for name, (_, generation) in settled.items()
    }
    assert pods(runs) == ran
    assert runs.get("run")["status"]["phase"] == "Succeeded"
