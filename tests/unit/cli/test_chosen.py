"""Which run FILE arguments mean, and what `-p` makes of it."""

import re

import pytest

from levada.cli.chosen import choose, with_parallelism, with_parameters
from levada.cli.exits import CommandError
from levada.frontend.documents import read_documents
from levada.frontend.objects import find_objects

COMPONENT = """
apiVersion: levada.dev/v1alpha1
kind: Component
metadata: {name: show}
spec:
  inputs: [{name: count, type: Integer}, {name: data, type: Dataset, optional: true}]
  implementation: {container: {image: x, command: [echo, {inputValue: count}, {inputPath: data}]}}
"""
PIPELINE = """
apiVersion: levada.dev/v1alpha1
kind: Pipeline
metadata: {name: my.pipeline}
spec:
  parameters:
  - {name: count, type: Integer}
  - {name: used}
  - {name: share, type: Float, default: 0.5}
  - {name: on, type: Boolean, default: true}
  - {name: text, type: String, default: x}
  - {name: many, type: List, default: []}
  - {name: data, type: Dataset, optional: true}
  - {name: parts, type: "List[Dataset]", optional: true}
  tasks:
  - name: show
    componentRef: {name: show}
    inputs: {count: {parameter: used}, data: {parameter: data}}
""".replace("name: on,", 'name: "on",')
RUN = """
apiVersion: levada.dev/v1alpha1
kind: PipelineRun
metadata: {name: run-1, labels: {team: a}}
spec: {pipelineRef: {name: my.pipeline}, parameters: {count: 1, share: 0.25}}
"""


def objects(*texts):
    documents, unreadable = read_documents("file.yaml", "---".join(texts).encode())
    found, mistakes = find_objects(documents)
    assert not unreadable
    assert not mistakes
    return found


def test_the_one_run_is_meant_whatever_else_there_is():
    chosen = choose(objects(COMPONENT, PIPELINE, RUN), None)
    assert chosen.run.name == "run-1"
    assert [item.kind for item in chosen.others] == ["Component", "Pipeline"]
    assert chosen.metadata["labels"] == {"team": "a"}


def test_name_goes_over_the_file_s():
    assert choose(objects(PIPELINE, RUN), "other").run.name == "other"


def test_a_run_is_made_of_the_one_pipeline():
    run = choose(objects(COMPONENT, PIPELINE), None).run
    assert run.spec == {"pipelineRef": {"name": "my.pipeline"}}
    assert re.fullmatch(r"my-pipeline-[a-z0-9]{5}", run.name)


def test_generate_name_is_followed_and_never_too_long():
    prefix = "p" * 62 + "-"
    run = choose(objects(RUN.replace("name: run-1", f"generateName: {prefix}")), None).run
    assert re.fullmatch(r"p{58}[a-z0-9]{5}", run.name)
    names = {choose(objects(RUN.replace("name: run-1", "generateName: a-")), None).run.name for _ in range(20)}
    assert len(names) == 20


@pytest.mark.parametrize(("texts", "words"), [
    ([COMPONENT], "there is nothing to run here"),
    ([RUN, RUN.replace("run-1", "run-2")], "which PipelineRun is meant: run-1 (file.yaml:2), run-2 (file.yaml:7)"),
    ([PIPELINE, PIPELINE.replace("my.", "other.")], "which Pipeline is meant: my.pipeline (file.yaml:2), other."),
])  # fmt: skip
def test_what_is_not_clear_is_refused_with_the_candidates(texts, words):
    with pytest.raises(CommandError, match=re.escape(words)) as caught:
        choose(objects(*texts), None)
    assert caught.value.code == 2


def test_a_name_that_is_none_is_refused():
    with pytest.raises(CommandError, match="at most 63 characters"):
        choose(objects(RUN), "x" * 64)


@pytest.mark.parametrize(("text", "value"), [
    ("count=5", 5), ("used=7", 7), ("share=1e-3", 0.001), ("share=1", 1), ("on=false", False), ("text=5", "5"),
    ("text=a=b", "a=b"), ("text=", ""), ('many=[1, "a"]', [1, "a"]), ("data=s3://b/k", {"uri": "s3://b/k"}),
    ('data={"uri": "s3://b/k"}', {"uri": "s3://b/k"}), ('parts=[{"uri": "s3://b/k"}]', [{"uri": "s3://b/k"}]),
])  # fmt: skip
def test_values_are_read_by_the_declared_type(text, value):
    chosen = with_parameters(choose(objects(COMPONENT, PIPELINE, RUN), None), [text])
    read = chosen.run.spec["parameters"][text.partition("=")[0]]
    assert (read, type(read)) == (value, type(value))


def test_values_of_the_command_line_go_over_the_file_s_and_the_last_one_counts():
    chosen = with_parameters(choose(objects(COMPONENT, PIPELINE, RUN), None), ["count=2", "count=3"])
    assert chosen.run.spec["parameters"] == {"count": 3, "share": 0.25}


@pytest.mark.parametrize(("text", "words"), [
    ("count", "write it as name=value"),
    ("=5", "write it as name=value"),
    ("count=five", "expected an Integer, found the text 'five'"),
    ("count=1.5", "expected an Integer, found a Float"),
    ("share=NaN", "NaN is not a value that JSON can hold"),
    ("on=yes", "expected a Boolean"),
    ("parts=s3://b/k", "-p parts=s3://b/k: expected a List"),
    ("cuont=5", "no parameter 'cuont' (did you mean 'count'?)"),
    ("zzz=5", "no parameter 'zzz'; it has count, used"),
])  # fmt: skip
def test_values_that_are_none_are_refused(text, words):
    with pytest.raises(CommandError, match=re.escape(words)):
        with_parameters(choose(objects(COMPONENT, PIPELINE, RUN), None), [text])


def test_a_broken_pipeline_does_not_keep_values_from_being_read():
    broken = PIPELINE.replace("parameter: used", "parameter: unknown")
    chosen = with_parameters(choose(objects(COMPONENT, broken, RUN), None), ["count=2", "text=3"])
    assert chosen.run.spec["parameters"] == {"count": 2, "share": 0.25, "text": "3"}


def test_the_pipeline_may_be_elsewhere_or_nowhere():
    (pipeline,) = objects(PIPELINE)
    elsewhere = {"Pipeline": {"my.pipeline": pipeline.spec}, "Component": {}}
    assert with_parameters(choose(objects(RUN), None), ["count=2"], elsewhere).run.spec["parameters"]["count"] == 2
    assert with_parameters(choose(objects(RUN), None), ["count=2"], {}).run.spec["parameters"]["count"] == "2"


def test_parallelism_of_the_command_line_goes_over_the_file_s():
    limited = with_parallelism(choose(objects(PIPELINE, RUN.replace("spec: {", "spec: {parallelism: 3, ")), None), 7)
    assert limited.run.spec["parallelism"] == 7
    assert with_parallelism(limited, None) is limited
