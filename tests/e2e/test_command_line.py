"""`levada` against a real cluster, as a person with a kubeconfig uses it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.runs import container

REPO = Path(__file__).parents[2]
EXAMPLE = REPO / "manifests" / "examples" / "breast-cancer"
PROGRAM = Path(sys.executable).with_name("levada")
TIMEOUT = 300

ADD = {
    "apiVersion": "levada.dev/v1alpha1",
    "kind": "Component",
    "metadata": {"name": "add"},
    "spec": container(
        'echo "adding $1 and $2"; echo $(($1 + $2)) > "$3"',
        {"inputValue": "a"},
        {"inputValue": "b"},
        {"outputPath": "sum"},
        inputs=[{"name": "a", "type": "Integer"}, {"name": "b", "type": "Integer", "default": 1}],
        outputs=[{"name": "sum", "type": "Integer"}],
    )["componentSpec"],
}
SUMS = {
    "apiVersion": "levada.dev/v1alpha1",
    "kind": "Pipeline",
    "metadata": {"name": "sums"},
    "spec": {
        "parameters": [{"name": "x", "type": "Integer", "default": 5}],
        "tasks": [
            {"name": "one", "componentRef": {"name": "add"}, "inputs": {"a": {"parameter": "x"}}},
            {"name": "two", "componentRef": {"name": "add"}, "inputs": {"a": {"task": "one", "output": "sum"}}},
        ],
        "outputs": {"total": {"task": "two", "output": "sum"}},
    },
}


def run_of(tasks, name="run-1", **spec):
    listed = [{"name": task, **body} for task, body in tasks.items()]
    return {
        "apiVersion": "levada.dev/v1alpha1",
        "kind": "PipelineRun",
        "metadata": {"name": name},
        "spec": {"pipelineSpec": {"tasks": listed}, **spec},
    }


class Levada:
    """Runs the program with the cluster's kubeconfig in the test's namespace."""

    def __init__(self, folder, kubeconfig, namespace):
        self.folder = folder
        self._env = {**os.environ, "KUBECONFIG": str(kubeconfig), "NO_COLOR": "1", "COLUMNS": "160"}
        self._namespace = namespace

    def write(self, name, *objects):
        path = self.folder / name
        path.write_text("---\n".join(json.dumps(each) + "\n" for each in objects))
        return path

    def start(self, *args):
        command = [PROGRAM, *map(str, args), "-n", self._namespace]
        return subprocess.Popen(
            command, cwd=self.folder, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __call__(self, *args, code=0):
        started = self.start(*args)
        out, err = started.communicate(timeout=TIMEOUT)
        assert "Traceback" not in err, err
        assert started.returncode == code, (started.returncode, out, err)
        return out, err


@pytest.fixture
def levada(tmp_path, cluster, namespace, operator):
    return Levada(tmp_path, cluster.kubeconfig, namespace)


def test_a_run_is_applied_with_what_it_needs_and_followed_to_its_end(levada):
    files = levada.write("add.yaml", ADD), levada.write("sums.yaml", SUMS)
    out, err = levada("run", *files, "--name", "sums-1", "-p", "x=7", "-o", "json")
    record = json.loads(out)
    assert (record["name"], record["phase"], record["outputs"], record["parameters"]) == (
        "sums-1",
        "Succeeded",
        {"total": 9},
        {"x": 7},
    )
    assert "one: Succeeded" in err
    assert "run sums-1: Succeeded" in err
    # What is in the cluster needs no file, and the same name is the same run.
    again, _ = levada("run", levada.write("run.yaml", {
        "apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "metadata": {"name": "sums-1"},
        "spec": {"pipelineRef": {"name": "sums"}, "parameters": {"x": 7}},
    }), "-o", "json")  # fmt: skip
    assert json.loads(again)["startTime"] == record["startTime"]
    shown, _ = levada("get", "sums-1")
    assert "total = 9" in shown
    log, _ = levada("logs", "sums-1", "two")
    assert log == "adding 8 and 1\n"
    picture, _ = levada("graph", "sums-1")
    assert "✓ one" in picture


def test_a_run_whose_spec_differs_is_refused_in_a_sentence(levada):
    levada.write("all.yaml", ADD, SUMS)
    levada("run", "all.yaml", "--name", "sums-1", "--detach")
    _, err = levada("run", "all.yaml", "--name", "sums-1", "-p", "x=8", code=2)
    assert "parameters cannot be changed" in err
    _, err = levada("run", "all.yaml", "-p", "x=eight", code=2)
    assert "expected an Integer" in err


def test_detached_is_started_and_watched_later(levada):
    levada.write("all.yaml", ADD, SUMS)
    out, _ = levada("run", "all.yaml", "--detach")
    name = out.strip()
    assert name.startswith("sums-")
    out, _ = levada("watch", name, "-o", "json")
    assert json.loads(out)["phase"] == "Succeeded"


def test_a_failed_run_ends_with_1_and_says_why(levada):
    levada.write("run.yaml", run_of({"bad": container("echo oh no; exit 3"), "good": container("echo fine")}))
    out, err = levada("run", "run.yaml", code=1)
    assert "bad: Failed" in err
    assert "TaskFailed" in out
    assert levada("watch", "run-1", code=1)
    log, _ = levada("logs", "run-1")
    assert sorted(log.splitlines()) == ["fine", "oh no"]
    _, err = levada("logs", "run-1", "baad", code=2)
    assert "no task 'baad'" in err


def test_logs_are_followed_while_the_task_runs(levada, kubectl):
    script = "echo first; while ! test -e /tmp/go; do sleep 0.1; done; echo last"
    levada.write("run.yaml", run_of({"slow": container(script)}))
    levada("run", "run.yaml", "--detach")
    following = levada.start("logs", "run-1", "slow", "-f")
    assert following.stdout.readline() == "first\n"
    record = json.loads(levada("get", "run-1", "-o", "json")[0])
    pod = record["tasks"][0]["pod"]
    kubectl("exec", "-n", record["namespace"], pod, "-c", "main", "--", "touch", "/tmp/go")
    out, _ = following.communicate(timeout=TIMEOUT)
    assert (out, following.returncode) == ("last\n", 0)


def test_interrupted_the_run_goes_on(levada):
    levada.write("run.yaml", run_of({"slow": container("sleep 10; echo done")}))
    following = levada.start("run", "run.yaml")
    while "slow: Running" not in (line := following.stderr.readline()):
        assert line
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=TIMEOUT)
    assert following.returncode == 130
    assert "levada watch run-1" in err
    levada("watch", "run-1")


def test_a_component_that_comes_later_is_waited_for(levada, kubectl, namespace):
    levada.write("sums.yaml", SUMS)
    _, err = levada("run", "sums.yaml", "--name", "early", "--detach")
    assert "Component/add does not exist yet: the run will wait for it" in err
    kubectl.apply(ADD, namespace=namespace)
    levada("watch", "early")


def test_artifacts_are_listed_fetched_reported_and_compared(levada, store):
    for run in ("a", "b"):
        levada("run", EXAMPLE / "components.yaml", EXAMPLE / "pipeline.yaml", EXAMPLE / f"run-{run}.yaml")
    names = ("breast-cancer-a", "breast-cancer-b")
    listed = json.loads(levada("artifacts", names[0], "-o", "json")[0])
    assert {item["type"] for item in listed} >= {"Dataset", "Model", "Metrics", "HTML"}
    levada("download", names[0], "preprocess", "dataset")
    assert (levada.folder / "dataset" / "train.csv").read_text().startswith("mean radius")
    levada("download", names[0], "preprocess", "dataset", code=2)
    accuracy, _ = levada("download", names[0], "predict", "accuracy", "-O", "-")
    assert 0.9 < float(accuracy) <= 1
    compared = json.loads(levada("compare", *names, "-o", "json")[0])
    assert {row["name"]: row["differs"] for row in compared["parameters"]} == {"epochs": True}
    levada("report", *names, "-O", "report.html")
    page = (levada.folder / "report.html").read_text()
    assert page.count('<iframe sandbox=""') == 4
    assert "not embedded" not in page


@pytest.fixture
def person(kubectl, namespace, cluster, tmp_path):
    """Makes a kubeconfig of a service account that has one of the cluster's roles in the namespace, and no more."""

    def bound(role):
        kubectl("create", "serviceaccount", role, "-n", namespace)
        kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--serviceaccount={namespace}:{role}",
                "-n", namespace)  # fmt: skip
        token = kubectl("create", "token", role, "-n", namespace).strip()
        config = json.loads(kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
        for user in config["users"]:
            user["user"] = {"token": token}
        path = tmp_path / f"{role}.kubeconfig"
        path.write_text(json.dumps(config))
        return Levada(tmp_path, path, namespace)

    return bound


def test_the_roles_edit_and_view_are_enough_and_no_more_is_asked(person, store):
    editor, viewer = person("edit"), person("view")
    made = container('echo "$1"; echo hello > "$1"', {"outputPath": "text"}, outputs=[{"name": "text", "type": "HTML"}])
    editor.write("run.yaml", run_of({"make": made}))
    editor("run", "run.yaml")
    _, err = viewer("run", "run.yaml", "--name", "mine", code=2)
    assert "you may not do this in the cluster" in err
    for command in ("get", "watch", "logs", "artifacts", "graph"):
        viewer(command, "run-1")
    editor("download", "run-1", "make", "text")
    _, err = viewer("download", "run-1", "make", "text", "-O", "other", code=2)
    assert "ask for the role `edit`" in err
    _, err = viewer("report", "run-1")
    assert "artifacts are not embedded" in err
    assert "ask for the role `edit`" in (viewer.folder / "report.html").read_text()


def test_half_a_processor_is_taken_and_its_edit_refused(levada):
    half = container("true", container={"resources": {"requests": {"cpu": 0.1}}})
    levada.write("run.yaml", run_of({"half": half}, podTemplate={"resources": {"requests": {"memory": "16Mi"}}}))
    levada("run", "run.yaml")
    levada.write("run.yaml", run_of({"half": half}, podTemplate={"resources": {"requests": {"memory": "17Mi"}}}))
    _, err = levada("run", "run.yaml", code=2)
    assert "podTemplate cannot be changed" in err
