"""What happens when tasks come to harm."""

import pytest

from e2e.runs import condition, container


def test_a_failure_leaves_the_other_branch_alone_and_shows_why(runs):
    tasks = {
        "bad": container("echo the last line; exit 3"),
        "needs-bad": container("true") | {"after": [{"task": "bad", "require": "Succeeded"}]},
        "after-bad": container("true") | {"after": ["bad"]},
        "good": container("true"),
        "after-good": container("true") | {"after": ["good"]},
    }
    runs.start("branches", tasks)
    status, tasks = runs.end("branches")
    assert {path: task["phase"] for path, task in tasks.items()} == {
        "bad": "Failed",
        "needs-bad": "Skipped",
        "after-bad": "Succeeded",
        "good": "Succeeded",
        "after-good": "Succeeded",
    }
    assert (tasks["bad"]["exitCode"], tasks["bad"]["logTail"]) == (3, "the last line\n")
    assert "bad" in tasks["needs-bad"]["message"]
    succeeded = condition(status)
    assert (succeeded["status"], succeeded["reason"]) == ("False", "TaskFailed")
    assert "bad" in succeeded["message"]
    assert {key: count for key, count in status["counts"].items() if count} == {
        "total": 5,
        "succeeded": 3,
        "failed": 1,
        "skipped": 1,
    }


def test_a_component_can_keep_its_log_to_itself(runs):
    runs.start("quiet", {"bad": container("echo a secret; exit 1", logTail=False)})
    status, _ = runs.end("quiet")
    assert "a secret" not in str(status)


@pytest.mark.fault("a task needs more memory than it may have", seen="`OOMKilled`")
def test_out_of_memory_is_called_by_its_name(runs):
    hungry = container(
        "exec python3 -c 'bytearray(200_000_000)'", container={"resources": {"limits": {"memory": "50Mi"}}}
    )
    runs.start("hungry", {"task": hungry})
    _, tasks = runs.end("hungry")
    assert tasks["task"]["reason"] == "OOMKilled"


def test_a_command_that_is_not_there_is_named(runs):
    runs.start("lost", {"task": container("", container={"command": ["no-such-program"]})})
    _, tasks = runs.end("lost")
    assert tasks["task"]["reason"] == "Error"
    assert "no-such-program" in tasks["task"]["message"]


@pytest.mark.parametrize(("text", "found"), [("many", "many"), ("NaN", "NaN"), ("1.5", "a Float"), ("", "''")])
def test_an_output_of_the_wrong_type_fails_the_task(runs, text, found):
    task = container('printf "%s" "$1" > "$2"', text, {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}])
    runs.start("wrong", {"task": task})
    _, tasks = runs.end("wrong")
    assert tasks["task"]["reason"] == "InvalidOutput"
    assert found in tasks["task"]["message"]


def test_the_end_of_a_failed_tasks_log_outlives_its_pod(runs, store, bucket, namespace):
    runs.start("chatty", {"bad": container("seq 20000; sleep 1; exit 1")})
    runs.end("chatty")
    uid = runs.get("chatty")["metadata"]["uid"]
    runs.wait_released("chatty")
    kept = bytes(bucket.get(f"{namespace}/{uid}/bad/0/main.log").bytes()).decode()
    assert kept.endswith("19999\n20000\n")
