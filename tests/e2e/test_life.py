"""The operator, runs and namespaces come and go in the middle of the work."""

import json

import pytest

from e2e.runs import FOREVER, container

NUMBER = [{"name": "n", "type": "Integer"}]
TEXT = [{"name": "text", "type": "String"}]
ENDLESS = container(FOREVER)


@pytest.mark.fault(
    "the operator's Pod is killed three times in a run with artifacts",
    seen="nothing: no task and no upload happens twice",
)
def test_the_operator_killed_at_several_moments_runs_nothing_twice(runs, store, operator, bucket, namespace):
    first = container('sleep 1; echo 1 > "$1"', {"outputPath": "n"}, outputs=NUMBER)
    with_agent = container('printf "%s" "$1" > "$2"; sleep 1', "text", {"outputPath": "text"}, outputs=TEXT)
    tasks = {"number": first, "text": with_agent}
    tasks |= {f"number-{i}": first | {"after": ["number" if i == 1 else f"number-{i - 1}"]} for i in range(1, 4)}
    tasks |= {f"text-{i}": with_agent | {"after": ["text" if i == 1 else f"text-{i - 1}"]} for i in range(1, 4)}
    runs.start("survivor", tasks, outputs={"text": {"task": "text-3", "output": "text"}})
    moments = {
        "has just begun": lambda status: status.get("startTime"),
        "has tasks at work": lambda status: status.get("counts", {}).get("running"),
        "has recorded a result": lambda status: status.get("counts", {}).get("succeeded", 0) >= 3,
    }
    for what, moment in moments.items():
        runs.until("survivor", moment, what)
        operator.kill()
    status, tasks = runs.succeed("survivor", 240)
    assert status["outputs"] == {"text": "text"}
    assert {task["attempts"] for task in tasks.values()} == {1}
    assert runs.starts() == {pod["metadata"]["name"]: 1 for pod in runs.pods("survivor")}
    assert len(runs.starts()) == len(tasks)
    # What each attempt writes into the store before its task begins: there was one attempt of each.
    uid = runs.get("survivor")["metadata"]["uid"]
    paths = [item["path"] for page in bucket.list(f"{namespace}/{uid}/") for item in page]
    marks = sorted(path.removeprefix(f"{namespace}/{uid}/") for path in paths if path.endswith("/started"))
    assert marks == sorted(f"text{suffix}/0/started" for suffix in ("", "-1", "-2", "-3"))


@pytest.mark.fault("a run is deleted while it runs", seen="its Pods end and go")
def test_a_run_deleted_in_the_middle_leaves_no_pod(runs):
    runs.start("unwanted", {"long": ENDLESS})
    runs.running("unwanted")
    runs.delete("unwanted")
    runs.wait_gone("unwanted")


@pytest.mark.fault("a run is deleted while the operator is away", seen="its Pods end and go once it is back")
def test_a_run_deleted_while_the_operator_is_away_is_cleaned_up_once_it_is_back(runs, operator):
    runs.start("unwanted", {"long": ENDLESS})
    runs.running("unwanted")
    operator.scale(0)
    try:
        runs.delete("unwanted")
    finally:
        operator.scale(1)
    runs.wait_gone("unwanted")


@pytest.mark.fault("a run is deleted and applied again at once", seen="another run, which takes nothing from the first")
def test_a_run_of_the_same_name_as_a_deleted_one_is_another_run(runs):
    runs.start("again", {"long": ENDLESS})
    runs.running("again")
    runs.delete("again")
    runs.start("again", {"short": container('echo 5 > "$1"', {"outputPath": "n"}, outputs=NUMBER)})
    _, tasks = runs.succeed("again")
    assert tasks["short"]["outputs"] == {"n": 5}


@pytest.mark.fault("a namespace with a run at work is deleted", seen="it goes")
def test_a_namespace_deleted_in_the_middle_goes(new_namespace, runs_in, give_store, kubectl, wait_for):
    namespace = new_namespace("doomed")
    give_store(namespace)
    runs = runs_in(namespace)
    writer = container(FOREVER, {"outputPath": "text"}, outputs=TEXT, outputGracePeriod="5s")
    runs.start("doomed", {"plain": ENDLESS, "with-agent": writer, "next": container("true") | {"after": ["plain"]}})
    runs.until("doomed", lambda status: status.get("counts", {}).get("running") == 2, "both tasks run")
    kubectl("delete", "namespace", namespace, "--wait=false")
    gone = ("get", "namespace", namespace, "--ignore-not-found", "-o", "name")
    wait_for(lambda: not kubectl(*gone), "the namespace to go", 150)


def test_runs_of_one_name_in_two_namespaces_do_not_meet(new_namespace, runs_in):
    places = [runs_in(new_namespace(f"twin-{number}")) for number in (1, 2)]
    for number, runs in enumerate(places, 1):
        task = container(f'echo {number} > "$1"', {"outputPath": "n"}, outputs=NUMBER)
        runs.start("twin", {"task": task}, outputs={"n": {"task": "task", "output": "n"}})
    assert [runs.succeed("twin")[0]["outputs"]["n"] for runs in places] == [1, 2]
    for runs in places:
        runs.check_invariants()


def test_names_of_63_characters_work_and_pods_stay_apart(runs, store):
    run, task = "r" * 63, "t" * 62
    outputs = [{"name": name, "type": "String"} for name in ("a name with spaces", "a-name-with-spaces", "ü" * 63)]
    script = 'printf one > "$1"; printf two > "$2"; printf three > "$3"'
    make = container(script, *({"outputPath": output["name"]} for output in outputs), outputs=outputs)
    bound = {output["name"]: {"task": f"{task}1", "output": output["name"]} for output in outputs}
    show = container('test "$1$2$3" = onetwothree', *({"inputValue": name} for name in bound), inputs=outputs)
    runs.start(run, {f"{task}1": make, f"{task}2": show | {"inputs": bound}})
    _, tasks = runs.succeed(run)
    names = [pod["metadata"]["name"] for pod in runs.pods(run)]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 for name in names), json.dumps(names)
    assert set(tasks) == {f"{task}1", f"{task}2"}


@pytest.mark.fault("a run comes back from a backup", seen="it ends `Restored` and runs nothing")
def test_a_run_restored_from_a_backup_runs_nothing(runs):
    annotations = {"levada.dev/started-uid": "another-uid"}
    run = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun"}
    run |= {"metadata": {"name": "restored", "annotations": annotations}}
    runs.apply(run | {"spec": {"pipelineSpec": {"tasks": [{"name": "task", **container("true")}]}}})
    status, _ = runs.end("restored")
    stalled = next(item for item in status["conditions"] if item["type"] == "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "Restored")
    assert runs.pods("restored") == []
