"""Runs that take over what is still right of an earlier one, and forecasts of what would run."""

import json
import signal

from local.program import script, until

NUMBER = [{"name": "number", "type": "Integer"}]
DATA = [{"name": "data", "type": "Dataset"}]
PARAMETERS = [{"name": "broken", "type": "Boolean", "default": True}, {"name": "seed", "type": "Integer", "default": 3}]


def chain():
    """`make` succeeds; `measure` fails while `broken` is true."""
    make = script('seq $1 > "$2"', {"inputValue": "seed"}, {"outputPath": "data"}, outputs=DATA,
                  inputs=[{"name": "seed", "type": "Integer"}], bind={"seed": {"parameter": "seed"}})  # fmt: skip
    measure = script('test "$3" = false; wc -l < "$1" > "$2"', {"inputPath": "data"}, {"outputPath": "number"},
                     {"inputValue": "broken"}, outputs=NUMBER, inputs=[*DATA, {"name": "broken", "type": "Boolean"}],
                     bind={"data": {"task": "make", "output": "data"}, "broken": {"parameter": "broken"}})  # fmt: skip
    return {"make": make, "measure": measure}


def phases(done):
    return {path: task["phase"] for path, task in done.tasks.items()}


def failed(levada, **spec):
    outputs = {"number": {"task": "measure", "output": "number"}}
    done = levada.run(levada.write("first", chain(), parameters=PARAMETERS, outputs=outputs, **spec))
    assert (done.code, phases(done)) == (1, {"make": "Succeeded", "measure": "Failed"}), done.err
    return done


def rerun(levada, *args):
    return levada("rerun", "first", "--local", "-o", "json", *args)


def test_what_succeeded_is_taken_over_and_the_rest_runs(levada):
    failed(levada)
    again = rerun(levada, "-p", "broken=false", "--name", "second")
    assert again.code == 0, again.err
    assert phases(again) == {"make": "Cached", "measure": "Succeeded"}
    assert (again.record["name"], again.record["outputs"]) == ("second", {"number": 3})
    assert again.tasks["make"]["message"] == "from make of first"


def test_what_depends_on_a_changed_parameter_runs_again(levada):
    failed(levada)
    again = rerun(levada, "-p", "broken=false", "-p", "seed=5")
    assert phases(again) == {"make": "Succeeded", "measure": "Succeeded"}
    assert again.record["outputs"] == {"number": 5}
    assert again.record["name"].startswith("first-")


def test_an_artifact_that_is_not_what_it_was_is_made_anew(levada):
    first = failed(levada)
    path = levada.folder / first.tasks["make"]["outputs"]["data"]["uri"].removeprefix("file://")
    path.chmod(0o600)
    path.write_text("damaged")
    again = rerun(levada, "-p", "broken=false")
    assert phases(again) == {"make": "Succeeded", "measure": "Succeeded"}
    assert again.tasks["make"]["cacheMissReason"] == "OutputsGone"


def test_a_run_of_a_rerun_takes_over_what_that_took_over(levada):
    failed(levada)
    rerun(levada, "--name", "second")
    third = levada("rerun", "second", "--local", "-p", "broken=false", "-o", "json")
    assert phases(third) == {"make": "Cached", "measure": "Succeeded"}


def test_a_run_that_is_not_there_is_an_error(levada):
    done = levada("rerun", "nobody", "--local")
    assert (done.code, "no local run 'nobody'" in done.err) == (2, True)
    path = levada.write("lost", chain(), rerunOf={"name": "nobody"}, parameters=PARAMETERS)
    done = levada("run", "--local", path)
    assert (done.code, "no local run 'nobody'" in done.err) == (2, True)


def test_a_run_that_is_not_over_is_not_run_again(levada):
    running = levada.start("run", "--local", "-o", "json", levada.write("slow", {"one": script("exec sleep 600")}))
    until(lambda: "Running" in levada("get", "slow", "--local").out, "it runs")
    done = levada("rerun", "slow", "--local")
    assert (done.code, done.out) == (2, "")
    assert "the local run 'slow' is not over: wait for its end" in done.err
    running.send_signal(signal.SIGINT)
    assert levada.end(running).code == 130


def test_a_forecast_says_what_would_run_and_writes_nothing(levada):
    path = levada.write("first", chain(), parameters=PARAMETERS, cache={})

    def forecast(*args):
        done = levada("plan", "--local", path, "-o", "json", *args)
        assert done.code == 0, done.err
        return {task["path"]: (task["action"], task["reason"]) for task in done.record["tasks"]}

    assert forecast() == {"make": ("Run", "NoEntry"), "measure": ("Unknown", "depends on make")}
    assert not levada.home.exists()
    failed(levada, cache={})
    assert forecast() == {"make": ("Cached", "from make of first"), "measure": ("Run", "NoEntry")}
    assert forecast("-p", "seed=4")["make"] == ("Run", "InputChanged: seed")
    assert json.loads(levada("get", "first", "--local", "-o", "json").out)["phase"] == "Failed"
