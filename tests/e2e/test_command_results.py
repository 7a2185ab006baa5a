"""`levada plan`, `rerun` and `cache` on a real cluster: what was done before, and what would be done again."""

import json

from e2e.runs import FOREVER, container
from e2e.test_command_line import levada, run_of  # noqa: F401  # a fixture

NUMBER = [{"name": "number", "type": "Integer"}]
DECLARED = [{"name": "seed", "type": "Integer", "default": 3}, {"name": "broken", "type": "Boolean", "default": True}]


def chain(name="first", **spec):
    """`make` gives a number, `check` takes it and fails while `broken` is true."""
    make = container(
        'echo "$1" > "$2"',
        {"inputValue": "seed"},
        {"outputPath": "number"},
        inputs=[{"name": "seed", "type": "Integer"}],
        outputs=NUMBER,
    )
    check = container(
        'test "$2" = false; echo "$1" > "$3"',
        {"inputValue": "number"},
        {"inputValue": "broken"},
        {"outputPath": "number"},
        inputs=[*NUMBER, {"name": "broken", "type": "Boolean"}],
        outputs=NUMBER,
    )
    bound = {"number": {"task": "make", "output": "number"}, "broken": {"parameter": "broken"}}
    tasks = {"make": make | {"inputs": {"seed": {"parameter": "seed"}}}, "check": check | {"inputs": bound}}
    run = run_of(tasks, name, **spec)
    run["spec"]["pipelineSpec"]["parameters"] = DECLARED
    return run


def tasks_of(out):
    return {task["path"]: task for task in json.loads(out)["tasks"]}


def test_a_forecast_names_what_runs_and_what_is_cached_and_starts_nothing(levada, runs, store):  # noqa: F811
    path = levada.write("run.yaml", chain(cache={}))

    def forecast(*args):
        tasks = tasks_of(levada("plan", path, "-o", "json", *args)[0])
        return {task: (told["action"], told["reason"]) for task, told in tasks.items()}

    assert forecast() == {"make": ("Run", "NoEntry"), "check": ("Unknown", "depends on make")}
    assert runs.pods("first") == []
    levada("run", path, code=1)
    runs.watch("first")
    assert forecast() == {"make": ("Cached", "from make of first"), "check": ("Run", "NoEntry")}
    assert forecast("-p", "seed=4")["make"] == ("Run", "InputChanged: seed")


def test_a_run_is_run_again_with_another_parameter_and_takes_over_what_succeeded(levada, runs, store):  # noqa: F811
    levada("run", levada.write("run.yaml", chain()), code=1)
    out, _ = levada("rerun", "first", "-p", "broken=false", "--name", "second", "-o", "json")
    runs.watch("first", "second")
    tasks = tasks_of(out)
    assert {path: task["phase"] for path, task in tasks.items()} == {"make": "Cached", "check": "Succeeded"}
    assert tasks["make"]["message"] == "from make of first"
    assert tasks["check"]["outputs"] == {"number": 3}
    assert [pod["metadata"]["annotations"]["levada.dev/task"] for pod in runs.pods("second")] == ["check"]
    _, err = levada("rerun", "frist", code=2)
    assert "did you mean 'first'?" in err


def test_a_run_that_is_not_over_is_not_run_again(levada, runs):  # noqa: F811
    runs.start("slow", {"one": container(FOREVER)})
    runs.running("slow")
    _, err = levada("rerun", "slow", "--name", "again", code=2)
    assert "the run 'slow' is not over, it is Running: wait for its end or cancel it" in err
    _, err = levada("get", "again", code=2)
    assert "there is no PipelineRun 'again'" in err
    levada("cancel", "slow", "--wait")


def test_the_entries_of_the_cache_are_listed_and_removed(levada, runs, store):  # noqa: F811
    path = levada.write("run.yaml", chain(cache={}, parameters={"broken": False}))
    levada("run", path)
    runs.watch("first")
    listed = json.loads(levada("cache", "list", "-o", "json")[0])
    assert sorted((entry["run"], entry["path"]) for entry in listed) == [("first", "check"), ("first", "make")]
    assert "make" in levada("cache", "list")[0]
    assert json.loads(levada("cache", "prune", "--older-than", "1d", "-o", "json")[0]) == {"removed": 0}
    assert json.loads(levada("cache", "prune", "-o", "json")[0]) == {"removed": 2}
    assert json.loads(levada("cache", "list", "-o", "json")[0]) == []
    tasks = tasks_of(levada("plan", path, "-o", "json")[0])
    assert (tasks["make"]["action"], tasks["make"]["reason"]) == ("Run", "NoEntry")
