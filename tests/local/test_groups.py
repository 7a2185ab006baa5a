"""Loops and nested pipelines, as commands show them that look at a run."""

import pytest

from local.program import script

MODEL = [{"name": "model", "type": "Model"}]
FIT = script('echo "fitting $1"; echo "model $1" > "$2"', {"inputValue": "x"}, {"outputPath": "model"},
             inputs=[{"name": "x", "type": "Integer"}], outputs=MODEL)  # fmt: skip


def fit(items):
    return {"name": "fit", "forEach": {"items": items}, "inputs": {"x": {"item": "item"}}, **FIT}


NESTED = {
    "tasks": [fit([5, 6])],
    "outputs": {
        "models": {"collect": {"task": "fit", "output": "model"}},
        "first": {"task": "fit", "output": "model", "at": {"value": 0}},
    },
}


@pytest.fixture
def ran(levada):
    tasks = {
        "train": {"pipelineSpec": NESTED},
        "sweep": {"forEach": {"items": [1, 2]}, "pipelineSpec": NESTED},
        "off": script("true", when="1 > 2"),
    }
    done = levada.run(levada.write("groups", tasks))
    assert done.code == 0, done.err
    return lambda *args: levada(*args, "--local")


@pytest.mark.parametrize(("task", "words"), [
    ("train", "it is a nested pipeline, for which nothing runs itself; these of its tasks have one: train.fit[0]"),
    ("sweep[1].fit", "it is a loop, for which nothing runs itself; these of its tasks have one: sweep[1].fit[0]"),
    ("off", "it was skipped (ConditionFalse:"),
])  # fmt: skip
@pytest.mark.parametrize("options", [[], ["-f"]])
def test_what_never_prints_says_so(ran, task, words, options):
    done = ran("logs", "groups", task, *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_the_logs_of_a_run_are_those_of_tasks_that_ran(ran):
    done = ran("logs", "groups")
    assert sorted(done.out.splitlines()) == ["fitting 5"] * 3 + ["fitting 6"] * 3
    assert "there is no log" not in done.err


def test_the_outputs_of_a_nested_pipeline_are_fetched_and_a_loop_says_where_they_are(ran, levada):
    assert ran("download", "groups", "train", "first", "-O", "-").out == "model 5\n"
    assert ran("download", "groups", "train", "models", "-O", "all/models").code == 0
    found = {path.name: path.read_text() for path in (levada.folder / "all" / "models").iterdir()}
    assert found == {"0": "model 5\n", "1": "model 6\n"}
    assert [path.name for path in (levada.folder / "all").iterdir()] == ["models"]
    refused = ran("download", "groups", "sweep", "models")
    assert (refused.code, refused.out) == (2, "")
    assert "has no output 'models': it has none (sweep is Succeeded); in it these have one: sweep[0], sweep[1]" in (
        refused.err
    )


def test_the_graph_shows_how_the_tasks_in_a_loop_stand(ran):
    drawn = ran("graph", "groups", "-o", "mermaid").out
    assert "○" not in drawn
    assert drawn.count("✓ fit (forEach)") == 2
