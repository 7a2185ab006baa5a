"""Tasks that run only where a condition holds."""

from e2e.runs import container

NUMBER = {"name": "number", "type": "Integer"}


def test_a_branch_runs_by_the_output_of_another_task_and_its_value_is_taken(runs):
    score = {"task": "score", "output": "number"}
    tasks = {
        "score": container('printf 7 > "$1"', {"outputPath": "number"}, outputs=[NUMBER]),
        "high": container('printf 1 > "$1"', {"outputPath": "number"}, outputs=[NUMBER])
        | {"when": "inputs.score > 5", "inputs": {"score": score}},
        "low": container('printf 0 > "$1"', {"outputPath": "number"}, outputs=[NUMBER])
        | {"when": "inputs.score <= 5", "inputs": {"score": score}},
    }
    either = {"oneOf": [{"task": "low", "output": "number"}, {"task": "high", "output": "number"}]}
    runs.start("branches", tasks, outputs={"either": either})
    status, tasks = runs.succeed("branches")
    assert status["outputs"] == {"either": 1}
    assert (tasks["low"]["phase"], tasks["low"]["reason"]) == ("Skipped", "ConditionFalse")
    assert len(runs.pods("branches")) == 2
