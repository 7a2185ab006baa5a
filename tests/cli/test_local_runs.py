"""The whole way on this machine: run, look, fetch, report, compare; piped, and on a terminal."""

import json
import signal
import xml.etree.ElementTree as ET

import pexpect
import pytest

from cli.conftest import PROGRAM, TIMEOUT

SUMS = """\
apiVersion: levada.dev/v1alpha1
kind: Component
metadata: {name: add}
spec:
  inputs: [{name: a, type: Integer}, {name: b, type: Integer, default: 1}]
  outputs: [{name: sum, type: Integer}, {name: text, type: Dataset}]
  implementation:
    container:
      image: busybox
      command: [sh, -ec]
      args: ['echo "adding $1 and $2"; echo $(($1 + $2)) > "$3"; echo "sum of $1" > "$4"', sh, {inputValue: a},
             {inputValue: b}, {outputPath: sum}, {outputPath: text}]
---
apiVersion: levada.dev/v1alpha1
kind: Pipeline
metadata: {name: sums}
spec:
  parameters: [{name: x, type: Integer, default: 5}]
  tasks:
  - {name: one, componentRef: {name: add}, inputs: {a: {parameter: x}}}
  - {name: two, componentRef: {name: add}, inputs: {a: {task: one, output: sum}}}
  outputs: {total: {task: two, output: sum}}
"""
FAILING = """\
apiVersion: levada.dev/v1alpha1
kind: PipelineRun
metadata: {name: failing}
spec:
  pipelineSpec:
    tasks:
    - name: bad
      componentSpec:
        outputs: [{name: number, type: Integer}]
        implementation: {container: {image: busybox, command: [sh, -c, 'echo oh no; exit 3', {outputPath: number}]}}
    - name: good
      componentSpec:
        implementation: {container: {image: busybox, command: [echo, fine]}}
    - name: later
      componentSpec:
        inputs: [{name: number, type: Integer}]
        implementation: {container: {image: busybox, command: [echo, {inputValue: number}]}}
      inputs: {number: {task: bad, output: number}}
"""
SLOW = """\
apiVersion: levada.dev/v1alpha1
kind: PipelineRun
metadata: {name: slow}
spec:
  pipelineSpec:
    tasks:
    - name: wait
      componentSpec:
        implementation:
          container:
            image: busybox
            command: [sh, -c, 'echo begun; while ! test -e "$1/go"; do sleep 0.1; done; echo over', sh, FOLDER]
"""


@pytest.fixture
def ran(levada):
    """A folder in which `sums-1` has run."""
    levada.write("sums.yaml", SUMS)
    done = levada("run", "--local", "sums.yaml", "--name", "sums-1", "-p", "x=7", "-o", "json")
    assert done.code == 0, done.err
    return levada


def test_json_of_a_run_is_one_document_of_the_agreed_shape(levada):
    levada.write("sums.yaml", SUMS)
    done = levada("run", "--local", "sums.yaml", "--name", "sums-1", "-o", "json")
    record = json.loads(done.out)
    assert list(record) == ["name", "namespace", "phase", "reason", "message", "parameters", "startTime",
                            "completionTime", "outputs", "counts", "tasks"]  # fmt: skip
    assert (record["phase"], record["outputs"]) == ("Succeeded", {"total": 7})
    fields = {"path", "phase", "reason", "message", "exitCode", "pod", "attempts", "cached", "cacheMissReason",
              "startTime", "completionTime", "outputs", "logTail"}  # fmt: skip
    assert all(fields == set(task) for task in record["tasks"])
    assert record["tasks"][0]["outputs"]["text"].keys() == {"uri", "digest", "type"}
    assert (done.code, json.loads(levada("get", "sums-1", "--local", "-o", "json").out)) == (0, record)


def test_piped_there_are_plain_lines_on_stderr_and_the_result_on_stdout(levada):
    levada.write("sums.yaml", SUMS)
    done = levada("run", "--local", "sums.yaml", "--name", "sums-1")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("default/sums-1  Succeeded  ")
    assert done.out.splitlines()[1:] == ["total = 7"]
    lines = done.err.splitlines()
    ends = [line.partition(" ")[0] for line in lines if ": Succeeded" in line]
    assert ends == ["one:", "two:", "run"]
    assert "\x1b" not in done.out + done.err


def test_a_failed_run_ends_with_1_and_says_what_failed(levada):
    levada.write("failing.yaml", FAILING)
    done = levada("run", "--local", "failing.yaml")
    assert done.code == 1
    assert "task bad failed" in done.out
    assert "bad: Failed" in done.err
    assert "later: Skipped" in done.err
    assert levada("watch", "failing", "--local").code == 1
    assert levada("get", "failing", "--local").code == 0
    assert sorted(levada("logs", "failing", "--local").out.splitlines()) == ["fine", "oh no"]


def test_the_same_name_shows_the_result_and_another_run_of_that_name_is_refused(ran):
    again = ran("run", "--local", "sums.yaml", "--name", "sums-1", "-p", "x=7", "-o", "json")
    assert (
        json.loads(again.out)["startTime"] == json.loads(ran("get", "sums-1", "--local", "-o", "json").out)["startTime"]
    )
    other = ran("run", "--local", "sums.yaml", "--name", "sums-1", "-p", "x=8")
    assert (other.code, other.out) == (2, "")
    assert "sums-1" in other.err


@pytest.mark.parametrize(("args", "words"), [
    (["get", "sums-2"], "no local run 'sums-2'"),
    (["logs", "sums-1", "tree"], "tree"),
    (["download", "sums-1", "oen", "text"], "no task 'oen' (did you mean 'one'?)"),
    (["download", "sums-1", "one", "txt"], "no output 'txt': it has sum, text"),
    (["report", "sums-2"], "no local run 'sums-2'"),
    (["compare", "sums-1", "sums-2"], "no local run 'sums-2'"),
])  # fmt: skip
def test_what_is_not_there_is_named(ran, args, words):
    done = ran(*args, "--local")
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_logs_artifacts_and_download(ran):
    assert ran("logs", "sums-1", "two", "--local").out == "adding 8 and 1\n"
    listed = json.loads(ran("artifacts", "sums-1", "--local", "-o", "json").out)
    assert [(item["task"], item["output"], item["type"]) for item in listed] == [
        ("one", "text", "Dataset"),
        ("two", "text", "Dataset"),
    ]
    assert listed[0]["uri"] in ran("artifacts", "sums-1", "--local").out
    assert ran("download", "sums-1", "one", "text", "--local").code == 0
    assert (ran.folder / "text").read_text() == "sum of 7\n"
    twice = ran("download", "sums-1", "one", "text", "--local")
    assert (twice.code, (ran.folder / "text").read_text()) == (2, "sum of 7\n")
    assert ran("download", "sums-1", "two", "text", "-O", "-", "--local").out == "sum of 8\n"
    assert ran("download", "sums-1", "two", "sum", "-O", "-", "--local").out == "9"
    unwritable = ran("download", "sums-1", "one", "text", "-O", "text/below", "--local")
    assert unwritable.code == 4
    assert "text" in unwritable.err


def test_graphs_of_files_and_of_runs(ran):
    assert '"one"]:::plain' in ran("graph", "sums.yaml").out
    assert '"✓ one"]:::Succeeded' in ran("graph", "sums-1", "--local").out
    assert ran("graph", "sums-1", "--local", "-o", "dot").out.startswith("digraph")
    assert ran("graph", "sums-1", "--local", "-O", "sums.svg").code == 0
    assert ET.parse(ran.folder / "sums.svg").getroot().tag.endswith("svg")


def test_runs_are_compared_and_reported(ran):
    assert ran("run", "--local", "sums.yaml", "--name", "sums-2", "-p", "x=8").code == 0
    compared = json.loads(ran("compare", "sums-1", "sums-2", "--local", "-o", "json").out)
    assert compared["parameters"] == [{"name": "x", "values": [7, 8], "differs": True}]
    assert compared["outputs"] == [{"name": "total", "values": [9, 10], "differs": True}]
    rows = [line.split() for line in ran("compare", "sums-1", "sums-2", "--local").out.splitlines()]
    assert ["total", "≠", "9", "10"] in rows
    assert ["phase", "Succeeded", "Succeeded"] in rows
    done = ran("report", "sums-1", "sums-2", "--local", "-O", "both.html")
    assert (done.code, done.out) == (0, "both.html\n")
    page = (ran.folder / "both.html").read_text()
    assert page.count('<section class="run"') == 2
    assert ran("report", "sums-1", "--local", "-O", "nowhere/report.html").code == 4


def terminal(levada, *args, **env):
    """The program on a terminal of its own; without colours, so that words stand beside one another."""
    variables = {**levada.env, "TERM": "xterm-256color", "NO_COLOR": "1", **env}
    del variables["COLUMNS"]
    return pexpect.spawn(str(PROGRAM), list(args), cwd=levada.folder, env=variables, timeout=TIMEOUT,
                         dimensions=(40, 120), encoding="utf-8")  # fmt: skip


def ended(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_on_a_terminal_a_table_lives_over_a_bar(levada):
    levada.write("sums.yaml", SUMS)
    child = terminal(levada, "run", "--local", "sums.yaml", "--name", "sums-1")
    child.expect("TASK.*PHASE.*TIME")
    child.expect("2/2")
    child.expect("total = 7")
    assert ended(child) == 0


@pytest.mark.parametrize(("setting", "coloured"), [({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_colours_are_for_terminals_and_no_color_means_none(ran, setting, coloured):
    child = terminal(ran, "get", "sums-1", "--local", **setting)
    assert ended(child) == 0
    assert ("\x1b[32mSucceeded" in child.before) is coloured


def test_ctrl_c_ends_with_130_and_the_same_name_goes_on(levada):
    levada.write("slow.yaml", SLOW.replace("FOLDER", str(levada.folder)))
    child = terminal(levada, "run", "--local", "slow.yaml")
    child.expect("wait +Running")
    child.sendintr()
    child.expect("--name slow goes on with it")
    assert ended(child) == 130
    (levada.folder / "go").touch()
    assert levada("run", "--local", "slow.yaml", "--name", "slow").code == 0


def test_a_run_is_watched_and_its_log_followed_while_it_runs(levada):
    levada.write("slow.yaml", SLOW.replace("FOLDER", str(levada.folder)))
    running = terminal(levada, "run", "--local", "slow.yaml")
    running.expect("wait +Running")
    log = terminal(levada, "logs", "slow", "--local", "-f")
    log.expect("begun")
    watching = terminal(levada, "watch", "slow", "--local")
    watching.expect("wait +Running")
    (levada.folder / "go").touch()
    log.expect("over")
    assert [ended(child) for child in (log, watching, running)] == [0, 0, 0]


def test_who_watches_may_go_while_the_run_goes_on(levada):
    levada.write("slow.yaml", SLOW.replace("FOLDER", str(levada.folder)))
    running = terminal(levada, "run", "--local", "slow.yaml")
    running.expect("wait +Running")
    watching = terminal(levada, "watch", "slow", "--local")
    watching.expect("wait +Running")
    watching.kill(signal.SIGINT)
    assert ended(watching) == 130
    (levada.folder / "go").touch()
    assert ended(running) == 0
