"""Kubeflow's placeholders in commands become ours."""

import pytest

from levada.frontend.kfp.placeholders import Arguments
from levada.frontend.mistakes import SPEC, Mistakes
from levada.graph.model import Input, Output
from levada.graph.placeholders import Concat, ExecutorInput, If, Reference, Use

INPUTS = {
    "x": Input("x", "String", is_parameter=True),
    "maybe": Input("maybe", "String", is_parameter=True, is_optional=True),
    "data": Input("data", "Dataset", is_parameter=False),
}
OUTPUTS = {"y": Output("y", "String", is_parameter=True), "model": Output("model", "Model", is_parameter=False)}
X = Reference(Use.INPUT_VALUE, "x")


def read(text):
    mistakes = Mistakes()
    found = Arguments(INPUTS, OUTPUTS, mistakes).read(text, SPEC)
    assert not mistakes, list(map(str, mistakes))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{$}}", ExecutorInput()),
        ("{{$.inputs.parameters['x']}}", X),
        ('{{$.inputs.parameters["x"]}}', X),
        ("--x={{$.inputs.parameters['x']}}!", Concat(("--x=", X, "!"))),
        ("{{$.inputs.artifacts['data'].path}}", Reference(Use.INPUT_PATH, "data")),
        ("{{$.inputs.artifacts['data'].uri}}", Reference(Use.INPUT_URI, "data")),
        ("{{$.inputs.artifacts['data'].metadata}}", Reference(Use.INPUT_METADATA, "data")),
        ("{{$.inputs.artifacts['data'].metadata['rows']}}", Reference(Use.INPUT_METADATA, "data", "rows")),
        ("{{$.inputs.artifacts['data']}}", Reference(Use.INPUT_ARTIFACT, "data")),
        ("{{$.outputs.parameters['y'].output_file}}", Reference(Use.OUTPUT_PATH, "y")),
        ("{{$.outputs.artifacts['model'].path}}", Reference(Use.OUTPUT_PATH, "model")),
        ("{{$.outputs.artifacts['model'].metadata}}", "{}"),
        ("{{$.outputs.artifacts['model'].uri}}", Reference(Use.OUTPUT_URI, "model")),
    ],
)
def test_each_placeholder_has_its_own_reference(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize("text", ["{{$.pipeline_root}}", "{{$.inputs.parameters}}", "${HOME} {{ jinja }}"])
def test_what_kubeflow_leaves_alone_stays_as_it_is(text):
    assert read(text) == text


def test_the_text_of_an_input_that_may_be_absent_is_null_without_it():
    assert read("{{$.inputs.parameters['maybe']}}") == If("maybe", (Reference(Use.INPUT_VALUE, "maybe"),), ("null",))


def test_if_present_chooses_between_lists_of_arguments():
    found = read(
        '{"IfPresent": {"InputName": "maybe", "Then": ["--x", "{{$.inputs.parameters[\'x\']}}"], "Else": "no"}}'
    )
    assert found == If("maybe", ("--x", X), ("no",))


def test_concat_holds_text_placeholders_and_choices():
    found = read('{"Concat": ["a{{$.inputs.parameters[\'x\']}}", {"IfPresent": {"InputName": "x", "Then": "b"}}]}')
    assert found == Concat((Concat(("a", X)), If("x", ("b",), ())))


def test_json_that_only_begins_like_a_placeholder_is_text():
    assert read('{"IfPresent": 1}') == '{"IfPresent": 1}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{$.inputs.parameters['z']}}", "there is no input parameter 'z'"),
        ("{{$.inputs.parameters['data']}}", "there is no input parameter 'data'"),
        ("{{$.inputs.artifacts['x'].path}}", "there is no input artifact 'x'"),
        ("{{$.outputs.parameters['z'].output_file}}", "there is no output 'z'"),
        ('{"IfPresent": {"InputName": "z", "Then": "b"}}', "there is no input 'z'"),
    ],
)
def test_names_that_there_are_not_are_mistakes(text, said):
    mistakes = Mistakes()
    Arguments(INPUTS, OUTPUTS, mistakes).read(text, SPEC)
    assert [mistake.message for mistake in mistakes] == [said]
