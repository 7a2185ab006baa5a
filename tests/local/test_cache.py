"""Results that are there already, on this machine."""

import json

from local.program import script

NUMBER = [{"name": "number", "type": "Integer"}]
DATA = [{"name": "data", "type": "Dataset"}]
ON = {"cache": {}}


def counted(text, *arguments, **more):
    """A cached task that also leaves a line in `ran` of the working folder, whoever runs it."""
    return script(
        f'echo "$LEVADA_TASK" >> "$RAN"; {text}', *arguments, container={"env": {"RAN": more.pop("ran")}}, **more
    )


def ran(levada):
    path = levada.folder / "ran"
    return path.read_text().split() if path.exists() else []


def chain(levada, seed=3):
    """`make` writes a file, `measure` says how long it is."""
    make = counted('seq $1 > "$2"', {"inputValue": "seed"}, {"outputPath": "data"}, ran=str(levada.folder / "ran"),
                   inputs=[{"name": "seed", "type": "Integer"}], outputs=DATA,
                   bind={"seed": {"value": seed}}, **ON)  # fmt: skip
    measure = counted('wc -l < "$1" > "$2"', {"inputPath": "data"}, {"outputPath": "number"},
                      ran=str(levada.folder / "ran"), inputs=DATA, outputs=NUMBER,
                      bind={"data": {"task": "make", "output": "data"}}, **ON)  # fmt: skip
    return {"make": make, "measure": measure}


def phases(done):
    return {path: (task["phase"], task["cacheMissReason"]) for path, task in done.tasks.items()}


def run(levada, name, tasks):
    outputs = {"number": {"task": "measure", "output": "number"}}
    done = levada.run(levada.write(name, tasks, outputs=outputs))
    assert done.code == 0, done.err
    return done


def test_the_second_run_takes_the_results_of_the_first(levada):
    first, second = run(levada, "one", chain(levada)), run(levada, "two", chain(levada))
    assert phases(first) == {"make": ("Succeeded", "NoEntry"), "measure": ("Succeeded", "NoEntry")}
    assert phases(second) == {"make": ("Cached", None), "measure": ("Cached", None)}
    assert ran(levada) == ["make", "measure"]
    assert (second.record["outputs"], second.record["counts"]["cached"]) == ({"number": 3}, 2)
    assert [(task["cached"], task["attempts"]) for task in second.tasks.values()] == [(True, 0)] * 2


def test_a_miss_says_why_and_what_follows_from_it_runs_only_if_it_must(levada):
    run(levada, "one", chain(levada))
    changed = run(levada, "two", chain(levada, seed=4))
    assert phases(changed) == {
        "make": ("Succeeded", "InputChanged: seed"),
        "measure": ("Succeeded", "InputChanged: data"),
    }
    tasks = chain(levada)
    tasks["make"]["componentSpec"]["implementation"]["container"]["command"][2] += "; true"
    same = run(levada, "three", tasks)
    assert phases(same) == {"make": ("Succeeded", "ComponentChanged"), "measure": ("Cached", None)}


def test_a_changed_folder_behind_the_same_uri_is_a_miss(levada):
    folder = levada.folder / "shared"
    folder.mkdir()
    (folder / "a").write_text("1\n")
    tasks = {"measure": chain(levada)["measure"]}
    tasks["measure"]["componentSpec"]["implementation"]["container"]["command"][2] = 'cat "$1"/* | wc -l > "$2"'
    tasks["measure"]["inputs"] = {"data": {"uri": folder.as_uri()}}
    assert phases(run(levada, "one", tasks))["measure"] == ("Succeeded", "NoEntry")
    assert phases(run(levada, "two", tasks))["measure"] == ("Cached", None)
    (folder / "b").write_text("2\n")
    third = run(levada, "three", tasks)
    assert phases(third)["measure"] == ("Succeeded", "InputChanged: data")
    assert third.record["outputs"] == {"number": 2}


def test_an_artifact_that_was_damaged_is_made_anew(levada):
    first = run(levada, "one", chain(levada))
    uri = first.tasks["make"]["outputs"]["data"]["uri"]
    path = levada.folder / uri.removeprefix("file://")
    path.chmod(0o600)
    path.write_text("damaged")
    second = run(levada, "two", chain(levada))
    assert phases(second) == {"make": ("Succeeded", "OutputsGone"), "measure": ("Cached", None)}


def test_the_same_work_of_one_run_is_done_once(levada):
    twin = chain(levada)["make"]
    done = levada.run(levada.write("twins", {f"twin-{number}": twin for number in range(4)}), "--parallelism", "4")
    assert done.code == 0, done.err
    assert sorted(task["phase"] for task in done.tasks.values()) == ["Cached"] * 3 + ["Succeeded"]
    assert len(ran(levada)) == 1


def test_when_the_first_of_them_fails_the_next_tries(levada):
    twin = counted('mkdir "$RAN.first" && exit 1; echo 7 > "$1"', {"outputPath": "number"}, outputs=NUMBER,
                   ran=str(levada.folder / "ran"), **ON)  # fmt: skip
    done = levada.run(levada.write("twins", {f"twin-{number}": twin for number in range(3)}), "--parallelism", "3")
    assert done.code == 1
    assert sorted(task["phase"] for task in done.tasks.values()) == ["Cached", "Failed", "Succeeded"]


def test_entries_are_listed_and_removed(levada):
    run(levada, "one", chain(levada))
    listed = json.loads(levada("cache", "list", "--local", "-o", "json").out)
    assert sorted((entry["run"], entry["path"]) for entry in listed) == [("one", "make"), ("one", "measure")]
    assert json.loads(levada("cache", "prune", "--local", "--older-than", "1d", "-o", "json").out) == {"removed": 0}
    assert json.loads(levada("cache", "prune", "--local", "-o", "json").out) == {"removed": 2}
    assert phases(run(levada, "two", chain(levada)))["make"] == ("Succeeded", "NoEntry")
