"""What a backup brings back of a run that had started runs nothing a second time."""

from levada.planner.names import STARTED_ANNOTATION
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task, run_spec


def test_a_run_that_started_under_another_uid_is_over_and_has_no_pods():
    play = Play(Scenario(1, {}))
    metadata = {"name": "run", "annotations": {STARTED_ANNOTATION: "before"}}
    body = {"apiVersion": "levada.dev/v1alpha1", "metadata": metadata, "spec": run_spec([Task("t0")])}
    play.server.create(RUNS, NAMESPACE, body)

    judged(play)

    status = play.server.get(RUNS, NAMESPACE, "run")["status"]
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    assert (status["phase"], reasons["Succeeded"], play.server.list("pods")) == ("Failed", "Restored", [])


def test_a_run_that_starts_says_under_which_uid():
    play = Play(Scenario(1, {"run": [Task("t0")]}))

    judged(play)

    metadata = play.server.get(RUNS, NAMESPACE, "run")["metadata"]
    assert metadata["annotations"][STARTED_ANNOTATION] == metadata["uid"]
