import pytest

from levada.graph.placeholders import (
    Concat,
    If,
    PlaceholderError,
    Reference,
    Use,
    conditions,
    parse_argument,
    references,
    resolve,
)

VALUES = {"epochs": "5", "note": "$(id) --rm", "empty": ""}


def resolved(*raw):
    arguments = [parse_argument(item) for item in raw]
    return resolve(arguments, lambda reference: VALUES.get(reference.name), VALUES.__contains__)


def test_plain_strings_and_scalars_are_arguments():
    assert resolved("a", "", 5, 1.0, 0.001, True, False) == ["a", "", "5", "1", "0.001", "true", "false"]


def test_a_value_is_one_argument_whatever_is_in_it():
    assert resolved({"inputValue": "note"}, {"inputValue": "empty"}) == ["$(id) --rm", ""]


def test_a_reference_without_a_value_leaves_its_argument_out():
    assert resolved("--absent", {"inputValue": "absent"}) == ["--absent"]


def test_concat_makes_one_argument_of_several_pieces():
    assert resolved({"concat": ["--epochs=", {"inputValue": "epochs"}, {"concat": ["-", 1]}]}) == ["--epochs=5-1"]


def test_if_splices_one_of_two_lists():
    def choice(name):
        return {"if": {"cond": {"isPresent": name}, "then": ["--with", {"inputValue": name}], "else": "--without"}}

    assert resolved(choice("epochs"), choice("absent")) == ["--with", "5", "--without"]


def test_if_without_else_leaves_nothing():
    assert resolved({"if": {"cond": {"isPresent": "absent"}, "then": ["x"]}}) == []


@pytest.mark.threat(
    "a value becomes another placeholder",
    holds="what was inserted is never read again",
)
def test_inserted_text_is_never_looked_at_again():
    nested = Reference(Use.INPUT_VALUE, "x")
    assert resolve([nested], lambda _: "{inputValue: epochs}", lambda _: True) == ["{inputValue: epochs}"]


def test_references_and_conditions_are_found_at_any_depth():
    argument = parse_argument(
        {"concat": [{"if": {"cond": {"isPresent": "a"}, "then": [{"inputPath": "b"}], "else": [{"outputUri": "c"}]}}]}
    )
    assert isinstance(argument, Concat)
    assert isinstance(argument.items[0], If)
    assert [(reference.use, reference.name) for reference in references([argument])] == [
        (Use.INPUT_PATH, "b"),
        (Use.OUTPUT_URI, "c"),
    ]
    assert list(conditions([argument])) == ["a"]


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        (None, [()]),
        (["a"], [()]),
        ({}, [()]),
        ({"inputValue": "a", "inputPath": "b"}, [()]),
        ({"inputValue": 5}, [("inputValue",)]),
        ({"nothing": "a"}, [("nothing",)]),
        ({"concat": [{"x": 1}, "fine", {"concat": {"y": 2}}]}, [("concat", 0, "x"), ("concat", 2, "concat", "y")]),
        ({"if": {"cond": {"isPresent": "a"}}}, [("if",)]),
        ({"if": {"cond": "a", "then": []}}, [("if", "cond")]),
        (
            {"if": {"cond": {"isPresent": "a"}, "then": [{"x": 1}], "else": [{"y": 1}]}},
            [("if", "then", 0, "x"), ("if", "else", 0, "y")],
        ),
        (float("inf"), [()]),
    ],
)
def test_every_unreadable_placeholder_is_named_with_its_place(raw, places):
    with pytest.raises(PlaceholderError) as refusal:
        parse_argument(raw)
    assert [steps for steps, _ in refusal.value.problems] == places
