"""Values that are made of others: texts, lists and dicts with bindings in them, fields, external data, statuses."""

import pytest

from levada.graph.model import (
    ABSENT,
    Artifact,
    Component,
    Compose,
    External,
    Field,
    FinalStatus,
    Literal,
    Parameter,
    Task,
    Text,
)
from levada.planner import reasons
from levada.planner.flow.values import UnusableError, value
from levada.planner.nodes import Leaf, Phase, Scope

DATA = Artifact("s3://bucket/data", "sha256:1")


def task(name):
    return Task(name, Component({}, {}, "image"))


def scope(**inputs):
    made = Scope("", task("run"), None)
    made.inputs = inputs
    made.facts = {"name": "run-1"}
    return made


def given(binding, **inputs):
    return value(binding, scope(**inputs))


def refusal(binding, **inputs):
    with pytest.raises(UnusableError) as error:
        given(binding, **inputs)
    return error.value


@pytest.mark.parametrize(
    ("datum", "text"),
    [
        ("a", "<a>"),
        (5, "<5>"),
        (True, "<true>"),
        ([1, "b"], '<[1,"b"]>'),
        (DATA, "<s3://bucket/data>"),
        ("{{$.x}}", "<{{$.x}}>"),
    ],
)
def test_a_text_holds_values_as_they_read_and_never_looks_into_them(datum, text):
    assert given(Text(("<", Parameter("x"), ">")), x=datum) == text


def test_a_composed_value_has_bindings_at_any_depth_and_keeps_their_kinds():
    shape = {"a": [Parameter("x"), {"b": Parameter("y"), "c": "word"}], "n": None, "t": True}
    made = given(Compose(shape), x=5, y=["z"])
    assert made == {"a": [5, {"b": ["z"], "c": "word"}], "n": None, "t": True}


def test_in_a_composed_value_what_is_absent_is_null_and_an_artifact_its_uri():
    assert given(Compose([Parameter("none"), Parameter("data"), Parameter("list")]), data=DATA, list=(DATA,)) == [
        None, DATA.uri, [DATA.uri],
    ]  # fmt: skip


class TestFields:
    @pytest.mark.parametrize("of", [{"a": [1, {"b": 2}]}, '{"a": [1, {"b": 2}]}'], ids=["value", "its text"])
    def test_are_found_by_their_path_in_a_value_and_in_json_text(self, of):
        assert given(Field(Parameter("x"), ("a", "1", "b")), x=of) == 2

    def test_of_nothing_are_nothing(self):
        assert given(Field(Parameter("x"), ("a",)), x=ABSENT) is ABSENT

    @pytest.mark.parametrize("text", ["no json", "", "[" * 100_000])
    def test_of_text_that_is_no_json_are_refused(self, text):
        error = refusal(Field(Parameter("x"), ("a",)), x=text)
        assert (error.reason, str(error)[:13]) == (reasons.INVALID_ITEM, "expected JSON")

    @pytest.mark.parametrize("path", [("b",), ("a", "2"), ("a", "-1"), ("a", "0", "c")])
    def test_that_are_not_there_are_named(self, path):
        error = refusal(Field(Parameter("x"), path), x={"a": [1, 2]})
        assert error.reason == reasons.INVALID_ITEM
        assert repr(".".join(path)) in str(error)


class TestExternalData:
    def test_has_a_uri_that_may_be_an_inputs_and_metadata_with_bindings(self):
        made = given(External(Parameter("u"), "Model", {"by": Parameter("x"), "k": 1}), u="s3://b/k", x="me")
        assert made == Artifact("s3://b/k", None, "Model", {"by": "me", "k": 1})

    @pytest.mark.parametrize("uri", ["", 5, ABSENT, DATA])
    def test_without_a_uri_is_refused(self, uri):
        assert refusal(External(Parameter("u")), u=uri).reason == reasons.INVALID_URI


def test_a_null_is_nothing():
    assert given(Literal(None)) is ABSENT


class TestFinalStatus:
    def status(self, phase, **said):
        whole = scope()
        node = Leaf("train", task("train"), whole)
        node.phase = phase
        for name, text in said.items():
            setattr(node, name, text)
        whole.children = {"train": node}
        return value(FinalStatus("train"), whole)

    @pytest.mark.parametrize(
        ("phase", "state"),
        [
            (Phase.SUCCEEDED, "SUCCEEDED"),
            (Phase.CACHED, "SUCCEEDED"),
            (Phase.SKIPPED, "SKIPPED"),
            (Phase.CANCELLED, "CANCELLED"),
        ],
    )
    def test_of_a_task_without_an_error(self, phase, state):
        assert self.status(phase, message="not told") == {
            "state": state, "pipelineJobResourceName": "run-1", "pipelineTaskName": "train", "error": {},
        }  # fmt: skip

    def test_of_a_failed_task_says_why(self):
        status = self.status(Phase.FAILED, reason="Error", message="exit code 3")
        assert (status["state"], status["error"]) == ("FAILED", {"code": 2, "message": "exit code 3"})
        assert self.status(Phase.FAILED, reason="Error")["error"]["message"] == "Error"
