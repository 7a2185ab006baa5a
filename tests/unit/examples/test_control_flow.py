"""The examples of control flow, each with its result; tasks are played, not run."""

from pathlib import Path

from levada.frontend.documents import read_documents
from levada.frontend.native import build_run
from levada.frontend.objects import check_objects, find_objects
from levada.graph.model import Artifact
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.flow.cache import Hit, Miss
from levada.planner.flow.gates import Verdict
from levada.planner.flow.rerun import results_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from unit.planner.simulation import NOW, play, succeed

EXAMPLES = Path(__file__).parents[3] / "manifests" / "examples" / "control-flow"


def load(name: str) -> tuple[Run, dict]:
    documents, unreadable = read_documents(name, (EXAMPLES / name).read_bytes())
    objects, misplaced = find_objects(documents)
    assert [*unreadable, *misplaced, *check_objects(objects)] == []
    (spec,) = [item.spec for item in objects if item.kind == "PipelineRun"]
    pipelines = {item.name: item.spec for item in objects if item.kind == "Pipeline"}
    return Run(*build_run(spec, pipelines, {}), facts={"name": "example"}), spec


def test_a_suspended_run_starts_nothing_until_it_is_resumed():
    run, spec = load("suspended.yaml")
    run.steer(NOW, suspend=spec["suspend"], cancel=False)
    assert run.plan(NOW).starts == []
    run.steer(NOW, suspend=False, cancel=False)
    play(run, succeed(length=5))
    assert run.root.outputs == {"length": 5}


def test_a_run_that_goes_after_a_week_runs_like_any_other():
    run, spec = load("retention.yaml")
    play(run, succeed(lines=5))
    assert run.root.outputs == {"lines": 5}
    assert (spec["ttlAfterFinished"], spec["podCleanup"], spec["artifactPolicy"]) == ("7d", "OnSuccess", "Delete")


def test_a_task_is_tried_again_and_another_may_fail():
    run, _ = load("retry.yaml")

    def act(path, inputs, attempt):
        if path == "optional-extra":
            return Failure(reasons.ERROR, "exited with code 1", 1)
        return Success({"attempt": attempt}) if attempt >= 2 else Failure(reasons.ERROR, "exited with code 75", 75)

    assert sorted(play(run, act)) == ["optional-extra#0", *(f"third-time-lucky#{attempt}" for attempt in range(3))]
    assert (run.root.phase, run.root.outputs) == (Phase.SUCCEEDED, {"attempt": 2})


def test_one_of_two_branches_runs_and_its_result_is_taken():
    run, _ = load("branches.yaml")
    assert play(run, lambda path, inputs, attempt: Success({"result": inputs["rows"]})) == ["large#0", "report#0"]
    assert run.leaves["small"].message == "'inputs.rows <= 1000' is false: rows = 5000"
    assert run.root.outputs == {"result": 5000}


def test_the_same_work_is_done_once():
    run, _ = load("cache.yaml")
    assert [lookup.leaf.path for lookup in run.lookups(NOW)] == ["square"]
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["always"]
    run.answer("square", Hit({"result": 49}, "square of another"), NOW)
    assert [lookup.leaf.path for lookup in run.lookups(NOW)] == ["again"]
    run.answer("again", Miss("NoEntry"), NOW)
    assert [(start.leaf.path, start.inputs) for start in run.plan(NOW).starts] == [("again", {"number": 49})]


def test_a_rerun_takes_over_nothing_of_what_its_parameters_changed():
    first, _ = load("branches.yaml")
    play(first, lambda path, inputs, attempt: Success({"result": inputs["rows"]}))
    _, spec = load("rerun.yaml")
    for rows, expected in ((500, ["small#0", "report#0"]), (5000, [])):
        again = Run(*build_run({**spec, "parameters": {"rows": rows}}, {}, {}), earlier=results_of("branches", first))
        while lookups := again.lookups(NOW):
            for lookup in lookups:
                again.answer(lookup.leaf.path, Hit(lookup.earlier, lookup.run), NOW)
        assert play(again, lambda path, inputs, attempt: Success({"result": inputs["rows"]})) == expected
        assert again.root.outputs == {"result": rows}


def calculate(path, inputs, attempt):
    """What the components of the examples do, by the names of their inputs."""
    task = path.rpartition(".")[2].partition("[")[0]
    if task == "add":
        return Success({"result": inputs["a"] + inputs["b"]})
    if "a" in inputs:
        return Success({"result": inputs["a"] * inputs["b"]})
    if task == "numbers":
        return Success({"numbers": [4, 5, 6]})
    if task == "grid":
        score = inputs["depth"] * (25 - inputs["width"])
        return Success({"score": score, "model": Artifact(f"file:///{path}", type="Model")})
    if task == "best":
        scores = inputs["scores"]
        return Success({"index": scores.index(max(scores)), "score": max(scores)})
    return Success({"text": inputs["model"].uri})


def test_a_pipeline_is_a_task_of_others_by_name_inline_and_for_each_item():
    run, _ = load("nested.yaml")
    play(run, calculate)
    assert (run.root.phase, run.root.outputs) == (Phase.SUCCEEDED, {"once": 10, "each": [11, 14, 19], "twice": 20})
    assert {"once.square", "each[2].add", "twice.add"} <= run.leaves.keys()


def test_loops_give_lists_and_the_best_of_a_grid_is_taken_by_its_index():
    run, _ = load("loop.yaml")
    play(run, calculate)
    assert run.root.outputs == {"written": [6, 20], "made": [16, 25, 36], "score": 30, "best": "file:///grid[2]"}


def test_finally_tasks_run_after_a_failure_and_are_told_of_it():
    run, _ = load("finally.yaml")
    told = {}

    def act(path, inputs, attempt):
        told[path] = dict(inputs)
        return Failure(reasons.ERROR, "exited with code 3", 3) if path == "fails" else Success({"text": "told"})

    assert play(run, act) == ["fails#0", "finally.report#0", "finally.mail#0"]
    assert told["finally.report"]["state"] == "Failed"
    assert [failure["path"] for failure in told["finally.report"]["failures"]] == ["fails"]
    assert run.root.phase is Phase.FAILED


def test_nothing_behind_a_gate_starts_until_it_is_opened():
    run, _ = load("approval.yaml")
    (start,) = run.plan(NOW).starts
    run.observe(start.leaf.path, 0, Success({"accuracy": 0.93}), NOW)
    assert run.plan(NOW).starts == []
    run.decide("gate", Verdict(True, "somebody"), NOW)
    play(run, succeed(deployed=0.93))
    assert (run.root.phase, run.root.outputs) == (Phase.SUCCEEDED, {"deployed": 0.93})


def test_the_first_failure_stops_what_runs_and_nothing_starts_any_more():
    run, _ = load("fail-fast.yaml")
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["broken", "slow"]
    run.observe("broken", 0, Failure(reasons.ERROR, "exited with code 1", 1), NOW)
    assert [leaf.path for leaf in run.plan(NOW).stops] == ["slow"]
    run.observe("slow", 0, Failure(reasons.ERROR, "exited with code 143", 143), NOW, dead=True)
    phases = {path: str(leaf.phase) for path, leaf in run.leaves.items()}
    assert (phases, run.root.phase) == ({"broken": "Failed", "slow": "Cancelled", "third": "Cancelled"}, Phase.FAILED)


def test_pods_are_what_run_pipeline_and_task_say_the_nearest_last():
    run, _ = load("pods.yaml")
    count, embed = (run.leaves[path].task.pod for path in ("count", "embed"))
    assert (count["nodeSelector"], embed["nodeSelector"]) == ({"pool": "batch"}, {"pool": "gpu"})
    assert embed["resources"] == {"requests": {"cpu": "500m"}, "limits": {"nvidia.com/gpu": 1}}
    assert [mount["mountPath"] for mount in embed["volumeMounts"]] == ["/corpus"]
    assert "tolerations" not in count
