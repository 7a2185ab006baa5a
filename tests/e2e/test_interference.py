"""Somebody meddles with a run's objects while it runs."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e.runs import FOREVER, condition, container, kind
from levada.planner.names import pod_name

NUMBER = [{"name": "n", "type": "Integer"}]
NAPPING = container('sleep 3; echo 7 > "$1"', {"outputPath": "n"}, outputs=NUMBER)
ENDLESS = container(FOREVER)
WHOLE = {"n": {"task": "task", "output": "n"}}


@pytest.mark.fault("Levada's label is taken off a live Pod", seen="the label comes back")
def test_a_label_taken_off_a_live_pod_comes_back(runs, kubectl, namespace, wait_for):
    runs.start("unlabelled", {"task": NAPPING}, outputs=WHOLE)
    runs.running("unlabelled")
    pod = runs.pod_of("unlabelled", "task")
    kubectl("label", "pod", pod, "-n", namespace, "levada.dev/run-")
    wait_for(lambda: [item["metadata"]["name"] for item in runs.pods("unlabelled")] == [pod], "the label to come back")
    status, tasks = runs.succeed("unlabelled")
    assert (status["outputs"], tasks["task"]["attempts"]) == ({"n": 7}, 1)


@pytest.mark.fault("a live Pod gets the label of another run", seen="its own comes back")
def test_a_label_changed_on_a_live_pod_comes_back(runs, kubectl, namespace, wait_for):
    runs.start("relabelled", {"task": NAPPING}, outputs=WHOLE)
    runs.running("relabelled")
    pod = runs.pod_of("relabelled", "task")
    kubectl("label", "pod", pod, "-n", namespace, "--overwrite", "levada.dev/run=another")
    wait_for(lambda: [item["metadata"]["name"] for item in runs.pods("relabelled")] == [pod], "the label to come back")
    status, tasks = runs.succeed("relabelled")
    assert (status["outputs"], tasks["task"]["attempts"]) == ({"n": 7}, 1)


@pytest.mark.fault("a live Pod loses its owner", seen="it is still the task's, and goes with its run")
def test_a_live_pod_that_loses_its_owner_is_still_the_tasks(runs, kubectl, namespace, wait_for):
    runs.start("disowned", {"task": NAPPING}, outputs=WHOLE)
    runs.running("disowned")
    pod = runs.pod_of("disowned", "task")
    kubectl("patch", "pod", pod, "-n", namespace, "--type=merge", "-p", '{"metadata": {"ownerReferences": null}}')
    status, tasks = runs.succeed("disowned")
    assert (status["outputs"], tasks["task"]["attempts"]) == ({"n": 7}, 1)
    runs.delete("disowned")
    wait_for(lambda: runs.pods("disowned") == [], "its Pod to go")


@pytest.mark.fault(
    "Levada's label is taken off while the operator is away", seen="the label comes back with the operator"
)
def test_a_label_taken_off_while_the_operator_is_away_comes_back(runs, operator, kubectl, namespace):
    runs.start("unlabelled", {"task": NAPPING}, outputs=WHOLE)
    runs.running("unlabelled")
    pod = runs.pod_of("unlabelled", "task")
    operator.scale(0)
    try:
        kubectl("label", "pod", pod, "-n", namespace, "levada.dev/run-")
    finally:
        operator.scale(1)
    status, tasks = runs.succeed("unlabelled")
    assert (status["outputs"], tasks["task"]["attempts"]) == ({"n": 7}, 1)


@pytest.mark.fault(
    "the same of a Pod that has ended, its result recorded, and is still held",
    seen="the operator lets it go when it is back",
)
def test_an_ended_pod_that_lost_its_label_while_the_operator_was_away_is_let_go(
    runs, operator, kubectl, namespace, wait_for
):
    runs.start("unlabelled-late", {"task": NAPPING}, outputs=WHOLE)
    runs.succeed("unlabelled-late")
    runs.wait_released("unlabelled-late")
    pod = runs.pod_of("unlabelled-late", "task")
    operator.scale(0)
    try:
        patch = {"metadata": {"labels": {"levada.dev/run": None}, "finalizers": ["levada.dev/result"]}}
        kubectl("patch", "pod", pod, "-n", namespace, "--type=merge", "-p", json.dumps(patch))
    finally:
        operator.scale(1)
    wait_for(lambda: [item["metadata"]["name"] for item in runs.pods("unlabelled-late")] == [pod], "the label")
    runs.wait_released("unlabelled-late")


@pytest.mark.fault(
    "a task's Pod is deleted, with its grace or by force",
    seen="another attempt (`PodDeleted`, `PodLost`); no retry is spent",
)
@pytest.mark.parametrize("how", [("--grace-period=1",), ("--force", "--grace-period=0")], ids=["deleted", "forced"])
def test_a_deleted_pod_costs_the_user_nothing(runs, kubectl, namespace, how):
    script = 'if [ "$LEVADA_ATTEMPT" = 0 ]; then exec sleep 600; fi; echo 7 > "$1"'
    runs.start("bereft", {"task": container(script, {"outputPath": "n"}, outputs=NUMBER)}, outputs=WHOLE)
    runs.running("bereft")
    kubectl("delete", "pod", runs.pod_of("bereft", "task"), "-n", namespace, "--wait=false", *how)
    status, tasks = runs.succeed("bereft")
    assert (status["outputs"], tasks["task"]["attempts"]) == ({"n": 7}, 2)


@pytest.mark.fault(
    "a task's Pod is deleted, stripped of its finalizers and removed by force, and its container ignores all that",
    seen="another attempt (`PodLost`), once the container's whole grace is over",
)
def test_an_attempt_waits_for_a_container_whose_pod_is_gone(runs, kubectl, namespace):
    """Both attempts tell the time on their node, and the log is followed beyond the end of the Pod's object."""
    endless = "trap '' TERM; while :; do date +%s; sleep 1; done"
    script = f'if [ "$LEVADA_ATTEMPT" = 0 ]; then {endless}; fi; date +%s > "$1"'
    runs.excuse("I4", "nobody can record the end of a Pod that somebody lets go and removes by force")
    runs.start("undead", {"task": container(script, {"outputPath": "n"}, outputs=NUMBER)}, outputs=WHOLE)
    runs.running("undead")
    pod = (runs.pod_of("undead", "task"), "-n", namespace)
    with ThreadPoolExecutor() as pool:
        log = pool.submit(kubectl, "logs", "--follow", *pod)
        kubectl("delete", "pod", *pod, "--wait=false")
        kubectl("patch", "pod", *pod, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
        kubectl("delete", "pod", *pod, "--wait=false", "--force", "--grace-period=0")
        status, tasks = runs.succeed("undead")
        last = int(log.result().split()[-1])
    assert tasks["task"]["attempts"] == 2
    assert last < status["outputs"]["n"]


@pytest.mark.fault(
    "a run that another finalizer holds is deleted", seen="`Cancelled`, reason `Deleted`; its tasks are stopped"
)
def test_a_run_that_something_else_holds_does_not_run_on_while_it_is_deleted(runs, kubectl, namespace):
    tasks = {"long": ENDLESS, "next": container("true") | {"after": ["long"]}}
    runs.start("held", tasks, finalizers=["example.com/hold"])
    runs.running("held")
    runs.delete("held")
    status = runs.until("held", lambda status: status["phase"] == "Cancelled", "says that it was stopped")
    assert condition(status)["reason"] == "Deleted"
    assert {task["phase"] for task in status["tasks"]} == {"Cancelled"}
    assert (status["counts"]["running"], status["counts"]["cancelled"]) == (0, 2)
    runs.wait_gone("held")
    assert [pod for pod in runs.starts() if "-next-" in pod] == []
    patch = ("patch", "pipelineruns.levada.dev", "held", "-n", namespace, "--type=merge", "-p")
    kubectl(*patch, '{"metadata": {"finalizers": null}}')


@pytest.mark.fault(
    "the ConfigMap with the run's definition is deleted", seen="the run ends `RecordLost`, with the ConfigMap's name"
)
def test_a_definition_that_is_gone_ends_the_run_with_its_name(runs, operator, kubectl, namespace):
    runs.start("amnesiac", {"long": ENDLESS})
    runs.running("amnesiac")
    kubectl("delete", "configmap", "amnesiac-graph", "-n", namespace)
    operator.kill()
    status, _ = runs.end("amnesiac")
    assert (status["phase"], condition(status)["reason"]) == ("Failed", "RecordLost")
    assert "amnesiac-graph" in condition(status)["message"]
    assert status["counts"]["running"] == 0
    runs.wait_gone("amnesiac")


@pytest.mark.fault("somebody writes to the run again and again", seen="nothing")
def test_writes_of_others_to_the_run_lose_no_result(runs, kubectl, namespace):
    tasks = {f"t{i}": container(f'echo {i} > "$1"', {"outputPath": "n"}, outputs=NUMBER) for i in range(6)}
    for i in range(3, 6):
        tasks[f"t{i}"] |= {"after": [f"t{i - 3}"]}
    outputs = {name: {"task": name, "output": "n"} for name in tasks}
    runs.start("contended", tasks, outputs=outputs)
    ended = threading.Event()

    def annotate():
        count = 0
        while not ended.is_set():
            annotation = ("annotate", "--overwrite", "pipelineruns.levada.dev", "contended", "-n", namespace)
            kubectl(*annotation, f"example.com/count={(count := count + 1)}")

    writer = threading.Thread(target=annotate)
    writer.start()
    try:
        status, tasks = runs.succeed("contended")
    finally:
        ended.set()
        writer.join()
    assert status["outputs"] == {f"t{i}": i for i in range(6)}
    assert {task["attempts"] for task in tasks.values()} == {1}


@pytest.mark.fault(
    "a Pipeline and a Component are edited while a run uses them", seen="nothing in that run; the next one has the edit"
)
def test_an_edit_of_what_a_run_refers_to_changes_nothing_in_it(runs):
    def step(number):
        says = container(f'sleep 1; echo {number} > "$1"', {"outputPath": "n"}, outputs=NUMBER)
        return kind("Component", "part", says["componentSpec"])

    tasks = [{"name": "first", "componentRef": {"name": "part"}}]
    tasks += [{"name": "second", "componentRef": {"name": "part"}, "after": ["first"]}]
    whole = {"tasks": tasks, "outputs": {"n": {"task": "second", "output": "n"}}}
    runs.apply(step(1), kind("Pipeline", "whole", whole))
    runs.apply(kind("PipelineRun", "frozen", {"pipelineRef": {"name": "whole"}}))
    runs.running("frozen")
    runs.apply(step(2), kind("Pipeline", "whole", {"tasks": tasks[:1]}))
    status, _ = runs.succeed("frozen")
    assert status["outputs"] == {"n": 1}
    runs.apply(kind("PipelineRun", "fresh", {"pipelineRef": {"name": "whole"}}))
    fresh, tasks = runs.succeed("fresh")
    assert list(tasks) == ["first"]
    assert fresh["definitionDigest"] != status["definitionDigest"]


@pytest.mark.threat(
    "a Pod is forged under the name of a task's, in a cluster",
    holds="the task fails `NameTaken`, with the Pod's name",
)
@pytest.mark.fault("somebody else's Pod has the name of ours", seen="the task fails `NameTaken`, with the Pod's name")
def test_a_foreign_pod_of_the_right_name_is_never_taken_for_ours(runs, kubectl, namespace, base_image):
    runs.apply(
        kind("PipelineRun", "taken", {"pipelineSpec": {"tasks": [{"name": "t", "componentRef": {"name": "c"}}]}})
    )
    uid = runs.get("taken")["metadata"]["uid"]
    main = {"name": "main", "image": base_image, "command": ["true"]}
    metadata = {"name": pod_name("taken", uid, "t", 0)}
    foreign = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
    kubectl.apply({**foreign, "spec": {"restartPolicy": "Never", "containers": [main]}}, namespace=namespace)
    runs.apply(kind("Component", "c", container("true")["componentSpec"]))
    _, tasks = runs.end("taken")
    assert tasks["t"]["reason"] == "NameTaken"
    assert metadata["name"] in tasks["t"]["message"]
