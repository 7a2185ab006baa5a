"""What a person and their tools see of a run and of the operator."""

import itertools
import json
import os
import subprocess

import pytest

from cluster.paths import VENV
from e2e.runs import condition, container, kind

NUMBER = [{"name": "n", "type": "Integer"}]
RESULT = {"n": {"task": "good", "output": "n"}}
GOOD = container('echo 7 > "$1"', {"outputPath": "n"}, outputs=NUMBER)


@pytest.fixture(scope="module")
def mixed(new_namespace, runs_in):
    """A run with a task that succeeds, one that fails and one that is skipped; it is over."""
    runs = runs_in(new_namespace("mixed"))
    tasks = {"good": GOOD, "bad": container("echo oh no; exit 3")}
    tasks["next"] = container("true") | {"after": [{"task": "bad", "require": "Succeeded"}]}
    runs.start("mixed", tasks, outputs=RESULT)
    runs.end("mixed")
    return runs


def test_kubectl_get_shows_phase_progress_duration_and_age(mixed, kubectl):
    head, row = kubectl("get", "lrun", "mixed", "-n", mixed.namespace).splitlines()
    assert head.split() == ["NAME", "PHASE", "PROGRESS", "DURATION", "AGE"]
    assert row.split()[:3] == ["mixed", "Failed", "3/3"]


def test_kubectl_get_levada_shows_all_three_kinds(mixed, kubectl, wait_for):
    component = kind("Component", "part", container("true")["componentSpec"])
    whole = kind("Pipeline", "whole", {"tasks": [{"name": "t", "componentRef": {"name": "part"}}]})
    mixed.apply(component, whole)

    def shown():
        table = kubectl("get", "levada", "-n", mixed.namespace)
        lines = [line.split() for line in table.splitlines() if "/" in line]
        return {line[0].split("/")[-1]: line[1] for line in lines} == {
            "part": "True",
            "whole": "True",
            "mixed": "Failed",
        }

    wait_for(shown, "all three kinds with their states")


def test_conditions_follow_kstatus(mixed):
    status = mixed.get("mixed")["status"]
    shown = {item["type"]: item["status"] for item in status["conditions"]}
    assert shown == {"Succeeded": "False", "Ready": "False", "Reconciling": "False", "Stalled": "True"}
    assert {item["observedGeneration"] for item in status["conditions"]} == {status["observedGeneration"]}


def test_events_tell_the_moments_a_person_asks_about(mixed, kubectl, wait_for):
    def told():
        fields = "--field-selector=involvedObject.kind=PipelineRun"
        events = kubectl.json("get", "events", "-n", mixed.namespace, fields)["items"]
        seen = {(event["type"], event["reason"]) for event in events}
        return seen >= {("Normal", "Started"), ("Warning", "TaskFailed")} and events

    failed = [event for event in wait_for(told, "the run's Events") if event["reason"] == "TaskFailed"]
    assert any("bad: Error: exited with code 3" in event["message"] for event in failed)


def test_every_line_of_the_operators_log_is_json_and_names_what_it_is_about(mixed, operator):
    lines = [json.loads(line) for line in operator.logs().splitlines()]
    assert lines
    assert all({"time", "level", "message", "namespace", "run", "task"} <= line.keys() for line in lines)


def test_the_operators_log_names_the_run_and_the_task(runs, operator, wait_for):
    numbers = itertools.count()

    def heard():
        """What one operator said of a run, from its start to its end; nothing if a test beside this one killed it."""
        name, before = f"run-{next(numbers)}", operator.uids()
        runs.start(name, {"bad": container("exit 3")})
        runs.end(name)
        lines = [json.loads(line) for line in operator.logs().splitlines()]
        about = {line["task"] for line in lines if (line["namespace"], line["run"]) == (runs.namespace, name)}
        return operator.uids() == before and about

    assert "bad" in wait_for(heard, "an operator that names the run in its log", timeout=120)


def test_metrics_count_runs_tasks_and_requests_without_growing_with_them(mixed, operator):
    text = operator.http("metrics")
    for name in ("levada_runs", "levada_tasks", "levada_reconcile_seconds", "levada_queue_depth"):
        assert f"\n{name}" in text, name
    assert 'phase="Failed"' in text
    assert mixed.namespace not in text


@pytest.mark.parametrize("path", ["healthz", "readyz"])
def test_probes_answer(operator, path):
    assert operator.http(path).strip().lower().startswith("ok")


def test_a_run_of_300_tasks_stays_readable_and_small(runs):
    tasks = {"root": container("exit 1")} | {
        f"task-{i}": container("true") | {"after": [{"task": "root", "require": "Succeeded"}]} for i in range(299)
    }
    runs.start("wide", tasks)
    status, tasks = runs.end("wide")
    assert list(tasks) == ["root"]
    assert (status["counts"]["total"], status["counts"]["skipped"], status["progress"]) == (300, 299, "300/300")
    assert len(json.dumps(status)) < 20_000
    view = levada("get", "wide", "-n", runs.namespace, "-o", "json", kubeconfig=runs.kubeconfig)
    assert len(view["tasks"]) == 300
    assert {task["reason"] for task in view["tasks"] if task["phase"] == "Skipped"} == {"UpstreamFailed"}


def test_bulky_outputs_stand_in_config_maps_and_levada_get_shows_them(runs, store):
    write = container(
        'head -c 100000 /dev/urandom | base64 -w 0 > "$1"; echo 5 > "$2"',
        {"outputPath": "text"},
        {"outputPath": "n"},
        outputs=[{"name": "text", "type": "String"}, *NUMBER],
    )
    outputs = {name: {"task": "write", "output": name} for name in ("text", "n")}
    runs.start("bulky", {"write": write}, outputs=outputs)
    status, tasks = runs.succeed("bulky")
    assert status["outputsConfigMaps"] == ["bulky-outputs-0"]
    assert status["outputs"] == {"n": 5}
    assert "outputs" not in tasks["write"]
    view = levada("get", "bulky", "-n", runs.namespace, "-o", "json", kubeconfig=runs.kubeconfig)
    assert len(view["outputs"]["text"]) == 133_336
    assert view["outputs"] == view["tasks"][0]["outputs"]


def test_a_pipelines_progress_can_be_waited_for_with_kubectl(runs, kubectl, namespace):
    runs.start("waited", {"good": GOOD}, outputs=RESULT)
    kubectl("wait", "lrun/waited", "-n", namespace, "--for=condition=Succeeded", "--timeout=90s")
    status, _ = runs.succeed("waited")
    assert condition(status)["message"] == "1 succeeded"


def levada(*arguments, kubeconfig):
    """What the program prints as JSON."""
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    ended = subprocess.run([VENV / "bin" / "levada", *arguments], env=environment, capture_output=True, check=True)
    return json.loads(ended.stdout)
