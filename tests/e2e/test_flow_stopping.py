"""Runs that are suspended, resumed and cancelled."""

from e2e.runs import condition, container


def steer(kubectl, namespace, name, field, value):
    patch = f'{{"spec": {{"{field}": {str(value).lower()}}}}}'
    kubectl("patch", "pipelineruns.levada.dev", name, "-n", namespace, "--type=merge", "-p", patch)


def test_a_suspended_run_holds_before_its_first_pod_and_goes_on_when_resumed(runs, kubectl, namespace):
    runs.start("held", {"task": container("true")}, suspend=True)
    status = runs.until("held", lambda status: status.get("phase") == "Suspended", "it is held")
    assert "startTime" not in status
    assert runs.pods("held") == []
    steer(kubectl, namespace, "held", "suspend", False)
    runs.succeed("held")


def test_suspending_lets_running_tasks_end_and_starts_no_more(runs, kubectl, namespace):
    first = container("while ! test -e /tmp/go; do sleep 0.2; done")
    runs.start("paused", {"first": first, "second": container("true") | {"after": ["first"]}})
    runs.running("paused")
    steer(kubectl, namespace, "paused", "suspend", True)
    runs.until("paused", lambda status: status.get("phase") == "Suspended", "it is suspended")
    kubectl("exec", "-n", namespace, runs.pod_of("paused", "first"), "-c", "main", "--", "touch", "/tmp/go")
    status = runs.until("paused", lambda status: status["counts"]["succeeded"] == 1, "the running task ends")
    assert (status["phase"], status["counts"]["pending"]) == ("Suspended", 1)
    steer(kubectl, namespace, "paused", "suspend", False)
    runs.succeed("paused")


def test_cancelling_stops_what_runs_with_its_grace_and_keeps_its_log(runs, kubectl, namespace):
    patient = container("trap 'echo goodbye; exit 1' TERM; while true; do sleep 0.2; done")
    runs.start("stopped", {"task": patient, "later": container("true") | {"after": ["task"]}})
    runs.running("stopped")
    pod = runs.pod_of("stopped", "task")
    steer(kubectl, namespace, "stopped", "cancel", True)
    status, tasks = runs.end("stopped")
    assert {path: task["phase"] for path, task in tasks.items()} == {"task": "Cancelled", "later": "Cancelled"}
    assert (status["phase"], status["counts"]["cancelled"]) == ("Cancelled", 2)
    assert condition(status, "Stalled")["status"] == "True"
    assert "goodbye" in kubectl("logs", "-n", namespace, pod, "-c", "main")


def test_a_cancelled_run_that_cannot_start_its_pod_leaves_nothing_behind(runs, kubectl, namespace):
    unplaced = container("true") | {"podTemplate": {"nodeSelector": {"no-such": "node"}}}
    runs.start("unplaced", {"task": unplaced})
    runs.until("unplaced", lambda status: runs.pods("unplaced"), "its Pod is there")
    steer(kubectl, namespace, "unplaced", "cancel", True)
    status, _ = runs.end("unplaced")
    assert status["phase"] == "Cancelled"
    runs.wait_gone("unplaced")
