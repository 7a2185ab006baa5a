"""Further attempts, timeouts, tolerated failures and runs that fail fast."""

from e2e.runs import condition, container


def test_a_task_is_tried_again_with_its_exit_code_only_and_says_how_often(runs):
    lucky = container('test "$LEVADA_ATTEMPT" -ge 1 || exit 75') | {
        "retry": {"limit": 2, "exitCodes": [75], "backoff": {"initial": "1s"}}
    }
    hopeless = container("exit 3") | {"retry": {"limit": 2, "exitCodes": [75]}, "onFailure": "Continue"}
    runs.start("again", {"lucky": lucky, "hopeless": hopeless})
    _, tasks = runs.succeed("again")
    assert (tasks["lucky"]["phase"], tasks["lucky"]["attempts"]) == ("Succeeded", 2)
    assert (tasks["hopeless"]["phase"], tasks["hopeless"]["attempts"]) == ("Failed", 1)


def test_a_task_that_ran_out_of_memory_gets_more(runs):
    hungry = container(
        "exec python3 -c 'bytearray(100_000_000)'", container={"resources": {"limits": {"memory": "50Mi"}}}
    ) | {"retry": {"limit": 1, "escalate": {"memory": {"factor": 6, "max": "400Mi"}}, "backoff": {"initial": "1s"}}}
    runs.start("hungry", {"task": hungry})
    _, tasks = runs.succeed("hungry")
    assert tasks["task"]["attempts"] == 2
    limits = [pod["spec"]["containers"][0]["resources"]["limits"]["memory"] for pod in runs.pods("hungry")]
    assert sorted(limits) == sorted(["50Mi", "300Mi"])


def test_an_attempt_is_stopped_at_its_timeout(runs):
    runs.start("slow", {"task": container("sleep 600") | {"timeout": "3s"}})
    _, tasks = runs.end("slow")
    assert (tasks["task"]["phase"], tasks["task"]["reason"]) == ("Failed", "Timeout")


def test_a_run_is_stopped_at_its_timeout(runs):
    runs.start("long", {"task": container("sleep 600")}, timeout="5s")
    status, tasks = runs.end("long")
    assert (status["phase"], condition(status)["reason"]) == ("Failed", "RunTimeout")
    assert tasks["task"]["phase"] == "Cancelled"


def test_a_run_that_fails_fast_stops_at_its_first_failure(runs):
    tasks = {"good": container("sleep 600"), "bad": container("sleep 2; exit 1")}
    runs.start("hasty", tasks, failFast=True)
    status, tasks = runs.end("hasty")
    assert (status["phase"], condition(status)["reason"]) == ("Failed", "TaskFailed")
    assert {path: task["phase"] for path, task in tasks.items()} == {"good": "Cancelled", "bad": "Failed"}
