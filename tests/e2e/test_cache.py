"""Results that are there already, in a cluster: nothing runs for them."""

import obstore
import pytest

from e2e.runs import condition, container

DATA = [{"name": "data", "type": "Dataset"}]
NUMBER = [{"name": "number", "type": "Integer"}]
ON = {"cache": {}}


@pytest.fixture
def prefix(cluster, namespace):
    """Where things of this test stand in the bucket."""
    return f"shared/{namespace}"


def chain(seed=3):
    make = container(
        'seq $1 > "$2"',
        {"inputValue": "seed"},
        {"outputPath": "data"},
        inputs=[{"name": "seed", "type": "Integer"}],
        outputs=DATA,
    )
    measure = container(
        'wc -l < "$1" > "$2"', {"inputPath": "data"}, {"outputPath": "number"}, inputs=DATA, outputs=NUMBER
    )
    bound = {"data": {"task": "make", "output": "data"}}
    return {"make": make | {"inputs": {"seed": {"value": seed}}}, "measure": measure | {"inputs": bound}}


def phases(tasks):
    return {path: (task["phase"], task.get("cacheMissReason")) for path, task in tasks.items()}


def test_the_second_run_makes_no_pods_and_has_the_same_results(runs, store):
    results = {"number": {"task": "measure", "output": "number"}}
    runs.start("one", chain(), outputs=results, **ON)
    status, tasks = runs.succeed("one")
    assert phases(tasks) == {"make": ("Succeeded", "NoEntry"), "measure": ("Succeeded", "NoEntry")}
    runs.start("two", chain(), outputs=results, **ON)
    again, tasks = runs.succeed("two")
    assert phases(tasks) == {"make": ("Cached", None), "measure": ("Cached", None)}
    assert (again["outputs"], again["counts"]["cached"]) == (status["outputs"], 2)
    assert runs.pods("two") == []
    runs.start("three", chain(seed=4), outputs=results, **ON)
    _, tasks = runs.succeed("three")
    assert phases(tasks)["make"] == ("Succeeded", "InputChanged: seed")


def test_a_changed_folder_behind_the_same_uri_and_a_damaged_entry_are_misses(
    runs, store, cluster, bucket, prefix, namespace
):
    measure = {"measure": chain()["measure"]}
    measure["measure"]["inputs"] = {"data": {"uri": f"{cluster.store['url']}/{prefix}"}}
    measure["measure"]["componentSpec"]["implementation"]["container"]["command"][2] = 'cat "$1"/* | wc -l > "$2"'
    obstore.put(bucket, f"{prefix}/a", b"1\n")

    def run(name):
        runs.start(name, measure, **ON)
        return phases(runs.succeed(name)[1])["measure"]

    assert [run("one"), run("two")] == [("Succeeded", "NoEntry"), ("Cached", None)]
    obstore.put(bucket, f"{prefix}/b", b"2\n")
    assert run("three") == ("Succeeded", "InputChanged: data")
    for page in obstore.list(bucket, f"{namespace}/=cache/entries"):
        for entry in page:
            obstore.put(bucket, entry["path"], b"damaged")
    assert run("four") == ("Succeeded", "OutputsGone")


def test_two_runs_at_once_do_the_same_work_once(runs, store):
    slow = {"slow": container('sleep 8; echo 7 > "$1"', {"outputPath": "number"}, outputs=NUMBER) | ON}
    runs.start("one", slow)
    runs.running("one")
    runs.start("two", slow)
    _, first = runs.succeed("one")
    _, second = runs.succeed("two")
    assert (first["slow"]["phase"], second["slow"]["phase"]) == ("Succeeded", "Cached")
    assert second["slow"]["outputs"] == {"number": 7}
    assert runs.pods("two") == []


def test_a_rerun_takes_over_what_succeeded_and_runs_the_rest(runs, store):
    tasks = chain()
    broken = {"measure": container('exit 1; : "$1"', {"outputPath": "number"}, outputs=NUMBER)}
    runs.start("first", {"make": tasks["make"], **broken})
    _, first = runs.end("first")
    assert {path: task["phase"] for path, task in first.items()} == {"make": "Succeeded", "measure": "Failed"}
    runs.start("second", tasks, rerunOf={"name": "first"})
    _, again = runs.succeed("second")
    assert phases(again) == {"make": ("Cached", None), "measure": ("Succeeded", None)}
    assert again["make"]["message"] == "from make of first"
    assert {pod["metadata"]["annotations"]["levada.dev/task"] for pod in runs.pods("second")} == {"measure"}


def test_a_rerun_of_a_run_that_is_not_over_is_refused(runs):
    runs.start("first", {"slow": container("sleep 600")})
    runs.running("first")
    runs.start("second", {"slow": container("sleep 600")}, rerunOf={"name": "first"})
    status, _ = runs.end("second")
    assert condition(status)["reason"] == "InvalidSpec"
    assert "'first' is still running; wait or cancel it" in condition(status)["message"]
    runs.delete("first")
