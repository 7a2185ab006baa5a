"""Further attempts, timeouts and runs that stop early, with real processes."""

from local.program import script


def test_a_task_is_tried_again_until_it_succeeds(levada):
    lucky = script('test "$LEVADA_ATTEMPT" -ge 2 || exit 75')
    lucky["retry"] = {"limit": 3, "exitCodes": [75], "backoff": {"initial": "0s"}}
    done = levada.run(levada.write("again", {"lucky": lucky}))
    assert done.code == 0, done.err
    assert done.tasks["lucky"]["attempts"] == 3


def test_an_attempt_is_stopped_at_its_timeout(levada):
    slow = script("exec sleep 600")
    slow["timeout"] = "1s"
    done = levada.run(levada.write("slow", {"slow": slow}))
    assert done.code == 1
    assert (done.tasks["slow"]["phase"], done.tasks["slow"]["reason"]) == ("Failed", "Timeout")


def test_a_tolerated_failure_leaves_the_run_alone(levada):
    extra = script("exit 1")
    extra["onFailure"] = "Continue"
    done = levada.run(levada.write("tolerant", {"extra": extra}))
    assert (done.code, done.tasks["extra"]["phase"]) == (0, "Failed")


def test_a_run_that_fails_fast_stops_what_runs_and_what_waits_for_a_free_place(levada):
    tasks = {"bad": script("exit 1"), **{f"long-{index}": script("exec sleep 600") for index in range(3)}}
    done = levada.run(levada.write("hasty", tasks, failFast=True), "--parallelism", "2")
    assert done.code == 1
    phases = {path: task["phase"] for path, task in done.tasks.items()}
    assert phases == {"bad": "Failed"} | {f"long-{index}": "Cancelled" for index in range(3)}


def test_a_task_runs_only_where_its_condition_holds(levada):
    never = script("exit 1")
    never |= {"when": "inputs.day == 'Sunday'", "inputs": {"day": {"value": "Monday"}}}
    done = levada.run(levada.write("weekday", {"never": never}))
    assert (done.code, done.tasks["never"]["phase"]) == (0, "Skipped"), done.err
    assert 'is false: day = "Monday"' in done.tasks["never"]["message"]
