"""Kubeflow's conditions say the same in our names, and have the same answers."""

import pytest

from levada.frontend.kfp.conditions import read_condition
from levada.frontend.mistakes import SPEC, Mistakes
from levada.graph.conditions import ConditionError, holds
from levada.graph.model import Artifact


def read(text, inputs=("x", "pipelinechannel--flip-Output", "m"), lists=()):
    mistakes = Mistakes()
    found = read_condition(text, inputs, lists, SPEC, mistakes)
    return found, [mistake.message for mistake in mistakes]


@pytest.mark.parametrize(
    ("condition", "value", "answer"),
    [
        ("inputs.parameter_values['x'] == 'heads'", "heads", True),
        ("inputs.parameter_values['x'] == 'heads'", "tails", False),
        ("!(inputs.parameter_values['x'] == 'heads')", "tails", True),
        ("int(inputs.parameter_values['x']) > 5", 6, True),
        ("int(inputs.parameter_values['x']) > 5", 5, False),
        ("int(inputs.parameter_values['x']) > 5", "7", True),
        ("double(inputs.parameter_values['x']) <= 0.5", 0.5, True),
        ("double(inputs.parameter_values['x']) <= 0.5", 1, False),
        ("inputs.parameter_values['x'] == true", True, True),
        ("inputs.parameter_values['x'] == 'true'", True, False),
        ("!(inputs.parameter_values['x'] == 'a') && inputs.parameter_values['x'] == 'b'", "b", True),
        ("inputs.parameter_values['x'] == \"inputs.parameter_values['x']\"", "inputs.parameter_values['x']", True),
    ],
)
def test_a_condition_has_the_answer_that_it_has_there(condition, value, answer):
    found, mistakes = read(condition)
    assert not mistakes
    assert holds(found, {"x": value}) is answer


def test_names_with_dashes_can_be_asked_for():
    found, _ = read("inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads'")
    assert holds(found, {"pipelinechannel--flip-Output": "heads"})


def test_the_metadata_of_an_artifact_can_be_asked_for():
    found, _ = read("inputs.artifacts['m'].artifacts[0].metadata['ok'] == true")
    assert holds(found, {"m": Artifact("s3://a", metadata={"ok": True})})


def test_one_of_a_list_of_artifacts_can_be_asked_for():
    found, _ = read("inputs.artifacts['m'].artifacts[1].metadata['ok'] == true", lists=("m",))
    assert holds(found, {"m": (Artifact("s3://a"), Artifact("s3://b", metadata={"ok": True}))})


def test_a_value_that_is_not_there_is_no_answer():
    found, _ = read("inputs.parameter_values['x'] == 'heads'")
    with pytest.raises(ConditionError, match="not there"):
        holds(found, {})


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("inputs.parameter_values['z'] == 1", "the condition names the input 'z', which the task does not have"),
        ("inputs.parameter_values.x == 1", "'inputs.parameter_values' is not supported here"),
        ("parseJson('{}')['a'] == 1", "'parseJson(' is not supported here"),
        ("inputs.parameter_values['x'] ==", "at character"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake(condition, said):
    _, mistakes = read(condition)
    assert len(mistakes) == 1
    assert said in mistakes[0]
