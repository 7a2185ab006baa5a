import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from levada.graph.types import (
    ValueMismatchError,
    artifact_type,
    artifacts_match,
    as_text,
    check_value,
    fits,
    natural_type,
    parameter_type,
    parse_text,
    read_default,
)

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | INT64 | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
VALUES = {
    "String": st.text(),
    "Integer": INT64,
    "Float": FLOATS | INT64,
    "Boolean": st.booleans(),
    "List": st.lists(JSON, max_size=5),
    "Dict": st.dictionaries(st.text(max_size=5), JSON, max_size=5),
}
TYPED_VALUES = st.sampled_from(sorted(VALUES)).flatmap(lambda type_: st.tuples(st.just(type_), VALUES[type_]))


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("String", "String"),
        ("str", "String"),
        ("TEXT", "String"),
        ("int", "Integer"),
        ("double", "Float"),
        ("Bool", "Boolean"),
        ("JsonArray", "List"),
        ("jsonobject", "Dict"),
        ({"JsonObject": {"data_type": "x"}}, "Dict"),
        ("Dataset", None),
        ("List[Model]", None),
        ("", None),
        (None, None),
        ({}, None),
        (3, None),
    ],
)
def test_parameter_types_have_several_spellings_in_any_case(spelling, canonical):
    assert parameter_type(spelling) == canonical


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Model", "Model"),
        ({"GCSPath": {"data_type": "CSV"}}, "GCSPath"),
        (None, "Artifact"),
        ("", "Artifact"),
        ({}, "Artifact"),
    ],
)
def test_an_artifact_type_is_called_by_its_name_or_artifact(written, name):
    assert artifact_type(written) == name


@given(TYPED_VALUES)
def test_the_normal_form_is_stable(typed):
    type_, value = typed
    normal = check_value(type_, value)
    assert check_value(type_, normal) == normal


@given(TYPED_VALUES)
def test_text_is_read_back_as_the_value_it_was_made_of(typed):
    type_, value = typed
    normal = check_value(type_, value)
    assert parse_text(type_, as_text(normal)) == normal


@given(TYPED_VALUES)
def test_the_normal_form_survives_what_the_api_server_does_to_json(typed):
    """It prints whole floats without `.0` and drops null entries of maps."""
    type_, value = typed
    normal = check_value(type_, value)

    def stored(value):
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return int(value)
        if isinstance(value, dict):
            return {key: stored(item) for key, item in value.items() if item is not None}
        return [stored(item) for item in value] if isinstance(value, list) else value

    assert json.dumps(stored(normal)) == json.dumps(normal)


@given(st.sampled_from(sorted(VALUES)), st.text())
def test_any_text_is_a_value_or_refused_in_words(type_, text):
    try:
        check_value(type_, parse_text(type_, text))
    except ValueMismatchError as refusal:
        assert str(refusal)


@pytest.mark.parametrize(
    ("type_", "value", "normal"),
    [
        ("Integer", 5.0, 5),
        ("Float", 1.0, 1),
        ("Float", 3, 3),
        ("Float", 1e300, 1e300),
        ("Float", -0.0, 0),
        ("List", [1.0, {"a": None, "b": 2.0}, None], [1, {"b": 2}, None]),
        ("Dict", {"a": None}, {}),
        ("Integer", 2**53 + 1, 9007199254740993),
    ],
)
def test_values_are_brought_to_the_form_in_which_they_are_stored(type_, value, normal):
    checked = check_value(type_, value)
    assert checked == normal
    assert json.dumps(checked) == json.dumps(normal)


@pytest.mark.parametrize(
    ("type_", "value", "words"),
    [
        ("String", 5, 'expected a String, found an Integer; quote it: "5"'),
        ("String", None, "expected a String, found null"),
        ("Integer", True, "expected an Integer, found a Boolean"),
        ("Integer", 1.5, "expected an Integer, found a Float"),
        ("Integer", "5", "expected an Integer, found a String; write it without quotes"),
        ("Integer", 2**63, "the integer 9223372036854775808 does not fit into 64 bits; pass it as a String"),
        ("Float", math.nan, "NaN and Infinity are not values that JSON can hold"),
        ("List", [math.inf], "NaN and Infinity are not values that JSON can hold"),
        ("Boolean", "yes", "expected a Boolean, found a String"),
        ("List", {}, "expected a List, found a Dict"),
        ("Dict", [], "expected a Dict, found a List"),
        ("String", "\ud83d", "the text holds half a surrogate pair, which UTF-8 cannot hold"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_cure(type_, value, words):
    with pytest.raises(ValueMismatchError) as refusal:
        check_value(type_, value)
    assert str(refusal.value) == words


def test_values_nested_too_deeply_are_refused_instead_of_exhausting_the_stack():
    for depth in (100, 500, 5_000):
        with pytest.raises(ValueMismatchError):
            parse_text("List", "[" * depth + "]" * depth)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("String", " kept \n", " kept \n"),
        ("Integer", " 5\n", 5),
        ("Float", "1e-3", 0.001),
        ("Float", "1.0", 1),
        ("Boolean", "True\n", True),
        ("Boolean", "false", False),
        ("Boolean", "1", True),
        ("Boolean", "F\n", False),
        ("List", '[1, "a"]', [1, "a"]),
        ("Dict", '{"a": null, "b": 1}', {"b": 1}),
    ],
)
def test_files_are_read_by_type_and_only_strings_keep_their_white_space(type_, text, value):
    assert parse_text(type_, text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("", ""), (True, "true"), (5, "5"), (0.001, "0.001"), ([1, {"ä": 2}], '[1,{"ä":2}]'), ("$(id)", "$(id)")],
)
def test_values_have_one_text_form(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("type_", "default", "value"),
    [
        ("Integer", "10", 10),
        ("Integer", 10, 10),
        ("String", 10, "10"),
        ("String", 1.0, "1"),
        ("String", True, "true"),
        ("List", "[1]", [1]),
    ],
)
def test_defaults_given_as_text_are_read_by_type(type_, default, value):
    assert read_default(type_, default) == value


@pytest.mark.parametrize(("type_", "default"), [("Integer", "ten"), ("Boolean", "yes"), ("String", [1]), ("List", "1")])
def test_defaults_that_are_not_of_the_type_are_refused(type_, default):
    with pytest.raises(ValueMismatchError):
        read_default(type_, default)


def test_only_an_integer_fits_into_another_type():
    assert [(a, b) for a in VALUES for b in VALUES if a != b and fits(a, b)] == [("Integer", "Float")]


def test_artifacts_match_by_name_or_when_one_says_nothing():
    assert artifacts_match("Model", "Model")
    assert artifacts_match("Artifact", "Model")
    assert artifacts_match("Model", "Artifact")
    assert not artifacts_match("Model", "Dataset")


@given(TYPED_VALUES)
def test_every_value_fits_the_type_that_it_has_by_itself(typed):
    value = typed[1]
    assert check_value(natural_type(value), value) == check_value(typed[0], value)
