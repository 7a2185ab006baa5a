"""Kubeflow's component files as Components: what is taken over, what is refused and where."""

import json

import pytest
import yaml

from levada.frontend.component import load_component
from levada.frontend.component_files import import_components
from levada.frontend.documents import read_documents
from levada.frontend.mistakes import SPEC, Mistakes
from levada.frontend.native import validate_component
from levada.frontend.yaml_text import yaml_text
from levada.graph.model import ABSENT
from levada.graph.placeholders import Concat, ExecutorInput, If, Reference, Use
from unit.frontend.kfp.documents import (
    DATASET,
    NUMBER,
    TEXT,
    compiled,
    component,
    constant,
    container,
    graph_of,
    parameters,
    task,
)

HEAD = "name: Count words\ninputs:\n- {name: text, type: String}\noutputs:\n- {name: count, type: Integer}\n"


def imported(text, name="given"):
    documents, unreadable = read_documents("c.yaml", text.encode())
    found, wrong = import_components(documents, name)
    return found, [str(mistake) for mistake in [*unreadable, *wrong]]


def taken(text):
    """The one Component, as it is printed and read again, and the component of the graph that it is."""
    found, mistakes = imported(text)
    assert mistakes == []
    [again] = [document.root.value() for document in read_documents("", yaml_text(found).encode())[0]]
    assert again == found[0]
    wrong = Mistakes()
    read = load_component(again["spec"], SPEC, wrong)
    assert list(wrong) == []
    return again, read


def with_args(args, head=HEAD):
    return f"{head}implementation: {{container: {{image: busybox, command: [sh], args: {args}}}}}\n"


ALL = "{inputValue: text}, {outputPath: count}"
VALUE, MADE = Reference(Use.INPUT_VALUE, "text"), Reference(Use.OUTPUT_PATH, "count")


@pytest.mark.parametrize(("args", "read"), [
    (f"[{ALL}]", (VALUE, MADE)),
    ("[{inputPath: text}, {outputPath: count}]", (Reference(Use.INPUT_PATH, "text"), MADE)),
    ("[{concat: ['--text=', {inputValue: text}]}, {outputPath: count}]", (Concat(("--text=", VALUE)), MADE)),
    ("[{if: {cond: {isPresent: text}, then: [-t, {inputValue: text}], else: [-n]}}, {outputPath: count}]",
     (If("text", ("-t", VALUE), ("-n",)), MADE)),
    ("[{if: {cond: true, then: [a, b], else: c}}, {outputPath: count}]", ("a", "b", MADE)),
    ("[{if: {cond: 'False', then: [a, b], else: c}}, {outputPath: count}]", ("c", MADE)),
    ("[{concat: [{if: {cond: true, then: a}}, b]}, {outputPath: count}]", (Concat(("a", "b")), MADE)),
    ("[y, 1, true, 0.5, {outputPath: count}]", ("y", "1", "true", "0.5", MADE)),
])  # fmt: skip
def test_every_placeholder_is_taken_over(args, read):
    assert taken(with_args(args))[1].args == read


@pytest.mark.parametrize("content", ["null", "{}"])
def test_an_executor_that_is_told_of_everything_is_kubeflows_and_knows_its_outputs(content):
    _, read = taken(with_args(f"[--executor_input, {{executorInput: {content}}}]"))
    assert (read.args, read.convention) == (("--executor_input", ExecutorInput()), "Kubeflow")
    assert taken(with_args(f"[{ALL}]"))[1].convention == "Levada"


@pytest.mark.parametrize("argument", [
    "{concat: [a, {executorInput: {}}]}",
    "{if: {cond: {isPresent: data}, then: [{executorInput: {}}]}}",
    "{inputArtifact: data}",
    "{inputMetadata: {name: data, key: k}}",
])  # fmt: skip
def test_what_only_kubeflow_tells_makes_the_convention_kubeflows(argument):
    head = "inputs: [{name: data, type: Dataset, optional: true}]\n"
    assert taken(with_args(f"[{argument}]", head))[1].convention == "Kubeflow"
    spec = yaml.safe_load(with_args(f"[{argument}]", head)) | {"convention": "Levada"}
    [mistake] = validate_component(spec)
    assert mistake.message == "this is told in Kubeflow's convention only: set `convention: Kubeflow`"


def test_an_artifact_as_json_is_none_of_a_value():
    spec = yaml.safe_load(with_args("[{inputArtifact: text}]"))
    assert [mistake.message for mistake in validate_component(spec)] == [
        "input 'text' is a value and no artifact: use inputValue or inputPath"
    ]


def test_uris_of_artifacts_are_taken_over():
    head = "inputs: [{name: data, type: Dataset}]\noutputs: [{name: model, type: Model}]\n"
    _, read = taken(with_args("[{inputUri: data}, {outputUri: model}]", head))
    assert read.args == (Reference(Use.INPUT_URI, "data"), Reference(Use.OUTPUT_URI, "model"))


@pytest.mark.parametrize(("declared", "placeholder", "type_", "is_parameter", "default"), [
    ("name: a", "inputValue", "String", True, ABSENT),
    ("name: a", "inputPath", "Artifact", False, ABSENT),
    ("name: a, default: '5'", "inputPath", "String", True, "5"),
    ("name: a, type: Integer, default: '5'", "inputValue", "Integer", True, 5),
    ("name: a, type: JsonArray, default: '[1, 2]'", "inputValue", "List", True, [1, 2]),
    ("name: a, type: GCPProjectID", "inputValue", "String", True, ABSENT),
    ("name: a, type: {CSV: {delimiter: ','}}", "inputPath", "CSV", False, ABSENT),
    ("name: a, type: {JsonObject: {data_type: 'dict'}}", "inputValue", "Dict", True, ABSENT),
])  # fmt: skip
def test_types_are_as_declared_or_follow_from_the_use(declared, placeholder, type_, is_parameter, default):
    _, read = taken(with_args(f"[{{{placeholder}: a}}]", f"inputs: [{{{declared}}}]\n"))
    found = read.inputs["a"]
    assert (found.type, found.is_parameter, found.default) == (type_, is_parameter, default)


def test_what_is_for_other_programs_is_passed_over():
    head = (
        "name: A\ndescription: d\nmetadata: {annotations: {author: x}, labels: {l: m}}\n"
        "inputs: [{name: text, description: e, annotations: {editor: y}}]\n"
        "outputs: [{name: count, annotations: {n: m}}]\n"
    )
    found, _ = taken(with_args(f"[{ALL}]", head))
    assert set(found["spec"]) == {"description", "inputs", "outputs", "implementation"}
    assert found["spec"]["inputs"] == [{"name": "text", "description": "e"}]
    assert found["spec"]["outputs"] == [{"name": "count"}]


def test_descriptions_are_shortened_to_what_an_object_holds():
    found, _ = taken(with_args(f"[{ALL}]", HEAD + f"description: {'x' * 5000}\n"))
    assert len(found["spec"]["description"]) == 4096


@pytest.mark.parametrize(("written", "name"), [
    ("Count words", "count-words"), ("XGBoost: Train, v1.0", "xgboost-train-v1-0"), ("a" * 80, "a" * 50),
    ("语", "given"), (None, "given"),
])  # fmt: skip
def test_the_name_is_made_such_as_objects_have(written, name):
    head = HEAD.replace("name: Count words\n", f"name: '{written}'\n" if written else "")
    assert taken(with_args(f"[{ALL}]", head))[0]["metadata"] == {"name": name}


def test_a_component_without_any_name_is_refused():
    text = with_args(f"[{ALL}]", HEAD.replace("name: Count words\n", ""))
    assert imported(text, "")[1] == [
        "c.yaml:1: the component has no name that an object could have: give it one by --name"
    ]


@pytest.mark.parametrize(("text", "mistakes"), [
    ("name: g\nimplementation:\n  graph:\n    tasks: {a: {componentRef: {url: u}}}\n",
     [("c.yaml:3: implementation.graph: a component made of others is not supported: "
      "write a Pipeline whose tasks run them")]),
    (HEAD + "implementation:\n  container:\n    image: i\n    fileOutputs: {count: /out}\n",
     [("c.yaml:9: implementation.container.fileOutputs: paths that are fixed in the image are not supported: "
      "give the program {outputPath: <output>} as an argument")]),
    (with_args("[{inputValue: txt}, {outputPath: count}]"),
     ["c.yaml:6: implementation.container.args[0]: there is no input 'txt' (did you mean 'text'?)"]),
    (with_args("[{inputValue: text}]"),
     [("c.yaml:5: outputs[0]: output 'count' can never be written: "
      "neither command, args nor env has its outputPath or outputUri")]),
    ("kind: Pod\napiVersion: v1\n",
     ["c.yaml:1: this is a Pod: expected a component.yaml (name, inputs, outputs, implementation)"]),
    ("- 1\n", ["c.yaml:1: this is no component: expected a component.yaml (name, inputs, outputs, implementation)"]),
    ("name: g\nimplementation: 5\n", ["c.yaml:2: implementation: expected a map, found an Integer"]),
    ("name: g\ninputs: 5\nimplementation: {container: {image: i}}\n",
     ["c.yaml:2: inputs: expected a list, found an Integer"]),
])  # fmt: skip
def test_what_cannot_be_taken_over_is_named_with_its_line(text, mistakes):
    assert imported(text)[1] == mistakes


@pytest.mark.parametrize("args", [f"[{ALL}]", "[{executorInput: null}]"])
def test_a_component_file_may_be_pasted_below_spec(args):
    head = HEAD + "metadata: {annotations: {author: x}}\ndescription: d\n"
    pasted = yaml.safe_load(with_args(args, head.replace("type: String", "annotations: {a: b}")))
    assert validate_component(pasted) == []


def test_what_a_pasted_file_has_and_levada_lacks_is_refused():
    pasted = {"implementation": {"graph": {"tasks": {}}}}
    assert "spec.implementation.graph: graph is not supported yet" in map(str, validate_component(pasted))


def one_component(**more):
    joined = '{"Concat": ["a", "{{$.inputs.artifacts[\'d\'].metadata[\\"k\\"]}}"]}'
    run = container("{{$}}", '{{$.inputs.parameters["n"]}}', joined, **more)
    inputs = {
        "parameters": {"n": NUMBER | {"defaultValue": 3}, "t": TEXT | {"isOptional": True}},
        "artifacts": {"d": DATASET},
    }
    made = {"parameters": {"o": TEXT}, "artifacts": {"e": DATASET}}
    passed = {
        "inputs": {
            "parameters": {"n": {"componentInputParameter": "n"}},
            "artifacts": {"d": {"componentInputArtifact": "d"}},
        }
    }
    return compiled({"train": task("train", **passed)}, {"train": component(inputs, made)}, {"run": run}, inputs)


def test_a_compiled_component_means_the_same_as_a_component():
    resources = {"resourceCpuRequest": "500m", "resourceMemoryLimit": "2Gi"}
    text = one_component(env=[{"name": "A", "value": "1"}], resources=resources)
    found, read = taken(text)
    assert found["metadata"] == {"name": "test"}
    assert read == graph_of(text).tasks["train"].body


@pytest.mark.parametrize(("tasks", "message"), [
    ({"a": task("run"), "b": task("run")},
     "this is a pipeline, not one component: `levada run` takes the file as it is"),
    ({"a": task("run", retryPolicy={"maxRetryCount": 2})},
     "the retry policy belongs to the task and not to a component: take it out"),
    ({"a": task("run", triggerPolicy={"condition": "inputs.parameter_values['x'] == 'a'"},
                **parameters(x=constant("a")))},
     "the condition belongs to the task and not to a component: take it out"),
])  # fmt: skip
def test_a_compiled_file_that_says_more_than_one_component_is_refused(tasks, message):
    [mistake] = imported(compiled(tasks, {"run": component()}, {"run": container()}))[1]
    assert mistake.endswith(message)


def test_an_image_from_an_input_is_refused():
    run = {"container": {"image": '{{$.inputs.parameters["t"]}}'}}
    document = json.loads(one_component()) | {"deploymentSpec": {"executors": {"run": run}}}
    [mistake] = imported(json.dumps(document))[1]
    assert mistake.endswith("the image comes from an input: a Component names its image itself")


def test_a_compiled_component_that_no_component_can_be_is_refused():
    text = compiled({"a": task("run")}, {"run": component()}, {"run": {"container": {"image": ""}}})
    [mistake] = imported(text)[1]
    assert mistake.endswith(
        "as a Component: spec.implementation.container.image: string should have at least 1 character"
    )
