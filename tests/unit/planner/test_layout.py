"""Where an attempt finds its inputs and leaves its outputs: the same for every engine."""

import pytest

from levada.graph.model import ABSENT, Artifact, Component, Input, Output
from levada.graph.placeholders import Reference, Use
from levada.planner.layout import EMPTY_FOLDER, lay_out
from levada.store import digest as store_digest

ROOT = "s3://bucket/ns/uid/task/0"
DATA = Artifact("s3://bucket/data", "sha256:1")


def layout(args, inputs=None, outputs=(), *, env=None, types=None, **options):
    inputs = inputs or {}
    declared = {
        name: Input(name, (types or {}).get(name, "String"), not isinstance(value, Artifact | tuple))
        for name, value in inputs.items()
    }
    made = {name: Output(name, type_, type_ in ("String", "Integer", "Boolean")) for name, type_ in outputs}
    component = Component(declared, made, "image", (), tuple(args), env or {})
    return lay_out(component, inputs, "/work", ROOT, **options)


def at(use, name):
    return Reference(use, name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (7, "7"),
        (1e-3, "0.001"),
        (True, "true"),
        ([1, "ä"], '[1,"ä"]'),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_a_value_is_one_argument_in_the_form_of_its_type(value, text):
    assert layout([at(Use.INPUT_VALUE, "x")], {"x": value}).run.args == [text]
    assert layout([at(Use.INPUT_PATH, "x")], {"x": value}).values == {"/work/values/x": text}


@pytest.mark.threat(
    "a value becomes an argument or a command of a shell",
    holds="a value is one argument, or part of one; there is no templating",
)
def test_a_value_is_never_another_argument_or_a_command():
    assert layout([at(Use.INPUT_VALUE, "x"), "end"], {"x": "--a b; $(id)\n"}).run.args == ["--a b; $(id)\n", "end"]


def test_an_absent_input_leaves_no_argument_no_variable_and_no_file():
    made = layout(
        ["a", at(Use.INPUT_VALUE, "x"), at(Use.INPUT_PATH, "x")], {"x": ABSENT}, env={"X": at(Use.INPUT_VALUE, "x")}
    )
    assert (made.run.args, made.run.env, made.values, made.stage) == (["a"], {}, {}, [])


def test_an_artifact_is_brought_only_where_its_path_is_wanted():
    made = layout([at(Use.INPUT_PATH, "d")], {"d": DATA})
    ((name, path, uri, digest),) = [(item.name, item.path, item.uri, item.digest) for item in made.stage]
    assert (name, uri, digest, made.run.args) == ("d", DATA.uri, DATA.digest, [path])
    by_uri = layout([at(Use.INPUT_URI, "d")], {"d": DATA})
    assert (by_uri.run.args, by_uri.stage) == ([DATA.uri], [])


def test_one_number_or_boolean_needs_nobody_to_collect_it():
    made = layout([at(Use.OUTPUT_PATH, "n")], outputs=[("n", "Integer")])
    assert (made.single, made.collect, made.run.args) == ("/work/outputs/n/data", [], ["/work/outputs/n/data"])


@pytest.mark.parametrize(
    ("outputs", "inputs"),
    [
        ([("s", "String")], {}),
        ([("m", "Model")], {}),
        ([("n", "Integer"), ("b", "Boolean")], {}),
        ([("n", "Integer")], {"d": DATA}),
    ],
    ids=["text", "artifact", "two", "with an artifact to bring"],
)
def test_everything_else_is_collected(outputs, inputs):
    made = layout([*(at(Use.OUTPUT_PATH, name) for name, _ in outputs), *(at(Use.INPUT_PATH, n) for n in inputs)],
                  inputs, outputs)  # fmt: skip
    assert made.single is None
    assert [item.name for item in made.collect] == [name for name, _ in outputs]


def test_an_output_that_the_task_stores_itself_has_a_place_of_its_attempt_and_no_path():
    made = layout([at(Use.OUTPUT_URI, "m")], outputs=[("m", "Model")])
    (collected,) = made.collect
    assert made.run.args == [f"{ROOT}/m"] == [collected.uri]
    assert collected.path is None


def test_names_that_look_alike_get_places_of_their_own():
    made = layout([at(Use.INPUT_PATH, "a b"), at(Use.INPUT_PATH, "a-b")], {"a b": "1", "a-b": "2"})
    assert sorted(made.values.values()) == ["1", "2"]


MODELS = (Artifact("s3://b/m0", "sha256:0"), Artifact("s3://b/m1", "sha256:1"))


def test_a_list_of_artifacts_is_a_folder_with_one_entry_for_each():
    laid = layout([at(Use.INPUT_PATH, "models")], {"models": MODELS}, types={"models": "List[Model]"})
    assert laid.run.args == ["/work/inputs/models/data"]
    assert [(item.path, item.uri, item.digest) for item in laid.stage] == [
        ("/work/inputs/models/data/0", "s3://b/m0", "sha256:0"),
        ("/work/inputs/models/data/1", "s3://b/m1", "sha256:1"),
    ]


def test_nested_lists_of_artifacts_are_nested_folders():
    laid = layout([at(Use.INPUT_PATH, "models")], {"models": (MODELS, ())}, types={"models": "List[List[Model]]"})
    assert [(item.path, item.digest) for item in laid.stage] == [
        ("/work/inputs/models/data/0/0", "sha256:0"),
        ("/work/inputs/models/data/0/1", "sha256:1"),
        ("/work/inputs/models/data/1", EMPTY_FOLDER),
    ]


def test_an_empty_list_of_artifacts_is_an_empty_folder():
    (staged,) = layout([at(Use.INPUT_PATH, "models")], {"models": ()}, types={"models": "List[Model]"}).stage
    assert (staged.path, staged.digest) == ("/work/inputs/models/data", EMPTY_FOLDER)
    assert store_digest.EMPTY_FOLDER == EMPTY_FOLDER


@pytest.mark.parametrize("use", [Use.INPUT_URI, Use.INPUT_VALUE])
def test_as_an_argument_a_list_of_artifacts_is_their_uris(use):
    assert layout([at(use, "models")], {"models": MODELS}).run.args == ['["s3://b/m0","s3://b/m1"]']


def test_quantities_may_be_numbers_and_an_input_may_give_one():
    component = Component(
        {"m": Input("m", "String", is_parameter=True)},
        {},
        "image",
        ("true",),
        resources={"requests": {"cpu": 0.1, "memory": at(Use.INPUT_VALUE, "m")}, "limits": {"cpu": 0}},
    )
    made = lay_out(component, {"m": "2Gi"}, "/work", ROOT)
    assert made.run.resources == {"requests": {"cpu": 0.1, "memory": "2Gi"}, "limits": {"cpu": 0}}
