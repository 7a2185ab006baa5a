"""The examples of control flow, each with its result; tasks are played, not run."""

from pathlib import Path

from levada.frontend.documents import read_documents
from levada.frontend.native import build_run
from levada.frontend.objects import check_objects, find_objects
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
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
    return Run(*build_run(spec, pipelines, {})), spec


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
