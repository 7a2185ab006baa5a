"""Compiled pipelines become the graphs that they mean."""

import pytest

from levada.frontend.mistakes import InvalidSpecError
from levada.graph.model import (
    ABSENT,
    After,
    Collect,
    Component,
    Compose,
    External,
    Field,
    FinalStatus,
    Graph,
    Item,
    Literal,
    Loop,
    OneOf,
    Parameter,
    RunFact,
    TaskOutput,
    Text,
)
from levada.graph.placeholders import Reference, Use
from levada.graph.policies import Cache, Retry
from unit.frontend.kfp.documents import (
    DATASET,
    LIST,
    NUMBER,
    TEXT,
    compiled,
    component,
    constant,
    container,
    graph_of,
    output_of,
    parameters,
    run_of,
    task,
)

SAYS = component(outputs={"parameters": {"Output": TEXT}})
HEARS = component({"parameters": {"text": TEXT}})
RUN = {"run": container()}


def only(text, name="t"):
    return graph_of(text).tasks[name]


def hearing(**more):
    """A task `t` that hears something of a task `s`."""
    return compiled({"s": task("says"), "t": task("hears", "s", **more)}, {"says": SAYS, "hears": HEARS}, RUN)


def test_a_task_runs_when_what_it_depends_on_has_succeeded():
    assert only(hearing(**parameters(text=output_of("s")))).after == (After("s", require_success=True),)


def test_a_task_is_bound_to_the_output_of_another():
    assert only(hearing(**parameters(text=output_of("s")))).inputs == {"text": TaskOutput("s", "Output")}


def test_an_exit_task_runs_whatever_became_of_the_other_and_fails_for_itself():
    found = only(
        hearing(
            **parameters(text={"taskFinalStatus": {"producerTask": "s"}}),
            triggerPolicy={"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
        )
    )
    assert found.after == (After("s", require_success=False),)
    assert found.is_tolerated
    assert found.falls_back
    assert found.inputs == {"text": FinalStatus("s")}


def test_a_constant_is_its_value_and_whole_numbers_are_integers():
    text = compiled({"t": task("hears", **parameters(text=constant({"a": [1.0, 2.5]})))}, {"hears": HEARS}, RUN)
    value = only(text).inputs["text"].value
    assert value == {"a": [1, 2.5]}
    assert type(value["a"][0]) is int


def test_text_in_a_constant_may_name_the_other_inputs_of_its_task():
    said = constant("x is {{$.inputs.parameters['pipelinechannel--x']}}")
    found = only(hearing(**parameters(**{"text": said, "pipelinechannel--x": output_of("s")})))
    assert found.inputs == {"text": Text(("x is ", TaskOutput("s", "Output")))}


def test_a_list_in_a_constant_may_name_them_too():
    said = constant(["{{$.inputs.parameters['pipelinechannel--x']}}", 1])
    found = only(hearing(**parameters(**{"text": said, "pipelinechannel--x": output_of("s")})))
    assert found.inputs == {"text": Compose([Text((TaskOutput("s", "Output"),)), 1])}


def test_constants_may_tell_of_the_run():
    said = constant("{{$.pipeline_job_name}}/{{$.pipeline_task_name}}/{{$.pipeline_job_uuid}}")
    found = only(hearing(**parameters(text=said)))
    assert found.inputs["text"] == Text((RunFact("name"), "/", "t", "/", RunFact("uid")))


def test_a_selector_leads_into_json():
    selected = output_of("s") | {"parameterExpressionSelector": 'parseJson(string_value)["a"]["b"]'}
    assert only(hearing(**parameters(text=selected))).inputs["text"] == Field(TaskOutput("s", "Output"), ("a", "b"))


def test_a_condition_may_name_inputs_that_the_component_does_not_have():
    found = only(
        hearing(
            **parameters(**{"text": constant("a"), "pipelinechannel--x": output_of("s")}),
            triggerPolicy={"condition": "inputs.parameter_values['pipelinechannel--x'] == 'heads'"},
        )
    )
    assert found.when == "inputs[\"pipelinechannel--x\"] == 'heads'"
    assert found.inputs["pipelinechannel--x"] == TaskOutput("s", "Output")


def test_caching_and_retries_are_as_the_document_says():
    policy = {"maxRetryCount": 3, "backoffDuration": "5s", "backoffFactor": 2.0, "backoffMaxDuration": "60s"}
    found = only(
        hearing(
            cachingOptions={"enableCache": True, "cacheKey": "k"}, retryPolicy=policy, **parameters(text=constant("a"))
        )
    )
    assert found.cache == Cache(key="k")
    assert found.retry == Retry(limit=3, first=5, factor=2.0, longest=60)
    assert graph_of(hearing(**parameters(text=constant("a")))).tasks["s"].cache is None


def test_an_absent_word_on_caching_means_none_and_a_run_can_turn_it_off():
    text = hearing(cachingOptions={"enableCache": True}, **parameters(text=constant("a")))
    graph, _ = run_of(text, cache={"disabled": True})
    assert graph.tasks["t"].cache is None


def in_a_graph(takes, /, *, outputs, **more):
    """A pipeline whose task `t` is a graph with the task `s` in it."""
    dag = {"tasks": {"s": task("says")}}
    dag |= (
        {
            "outputs": {
                "parameters": {"o": {"valueFromParameter": {"producerSubtask": "s", "outputParameterKey": "Output"}}}
            }
        }
        if outputs
        else {}
    )
    graph = {"dag": dag, "inputDefinitions": {"parameters": takes}}
    graph |= {"outputDefinitions": {"parameters": {"o": TEXT}}} if outputs else {}
    tasks = {"t": task("graph", **more)}
    tasks["after"] = task("hears", "t", **parameters(text=output_of("t", "o"))) if outputs else task("says")
    return compiled(tasks, {"graph": graph, "says": SAYS, "hears": HEARS}, RUN)


def test_a_dag_is_a_nested_graph_with_outputs():
    found = only(in_a_graph({}, outputs=True))
    assert isinstance(found.body, Graph)
    assert found.body.outputs == {"o": TaskOutput("s", "Output")}


def test_a_retry_policy_of_a_graph_is_that_of_the_tasks_in_it():
    found = only(in_a_graph({}, outputs=False, retryPolicy={"maxRetryCount": 2}))
    assert found.body.tasks["s"].retry.limit == 2


def test_a_loop_over_written_items_takes_each_as_an_input():
    graph = graph_of(
        in_a_graph(
            {"item": TEXT},
            outputs=True,
            parameterIterator={"itemInput": "item", "items": {"raw": '["a", "b"]'}},
            iteratorPolicy={"parallelismLimit": 2},
        )
    )
    assert graph.tasks["t"].loop == Loop(Literal(["a", "b"]), 2)
    assert graph.tasks["t"].inputs == {"item": Item()}
    assert graph.tasks["after"].inputs == {"text": Collect("t", "o", "Omit")}


def test_a_loop_over_an_input_takes_json_text_as_well_as_a_list():
    found = only(
        in_a_graph(
            {"item": TEXT},
            outputs=False,
            parameterIterator={"itemInput": "item", "items": {"inputParameter": "all"}},
            **parameters(all=constant('["a"]')),
        )
    )
    assert found.loop == Loop(Field(Literal('["a"]')), None)


def test_no_limit_of_parallelism_is_written_as_zero():
    found = only(
        in_a_graph(
            {"item": TEXT},
            outputs=False,
            parameterIterator={"itemInput": "item", "items": {"raw": "[]"}},
            iteratorPolicy={"parallelismLimit": 0},
        )
    )
    assert found.loop.parallelism is None


def test_exclusive_branches_give_the_first_that_ran():
    selectors = [{"producerSubtask": name, "outputParameterKey": "Output"} for name in ("a", "b")]
    text = compiled(
        {"a": task("says"), "b": task("says")},
        {"says": SAYS},
        RUN,
        outputs={"parameters": {"o": {"valueFromOneof": {"parameterSelectors": selectors}}}},
        made={"parameters": {"o": TEXT}},
    )
    assert graph_of(text).outputs == {"o": OneOf((TaskOutput("a", "Output"), TaskOutput("b", "Output")))}


def importing(uri, metadata, **more):
    importer = {"artifactUri": uri, "typeSchema": DATASET["artifactType"], "metadata": metadata}
    imports = component({"parameters": {"uri": TEXT}}, {"artifacts": {"artifact": DATASET}})
    text = compiled(
        {"t": task("imports", **parameters(uri=constant("s3://b/k"), **more))},
        {"imports": imports},
        {"run": {"importer": importer}},
    )
    return only(text).body


def test_an_importer_is_a_graph_whose_output_stands_somewhere_already():
    body = importing({"constant": "s3://b/k"}, {"rows": 3.0})
    assert body.tasks == {}
    assert body.outputs == {"artifact": External("s3://b/k", "Dataset", {"rows": 3})}


def test_the_uri_and_the_metadata_of_an_importer_may_come_from_its_inputs():
    body = importing({"runtimeParameter": "uri"}, {"from": "{{$.inputs.parameters['uri']}}"})
    assert body.outputs == {"artifact": External(Parameter("uri"), "Dataset", {"from": Text((Parameter("uri"),))})}


def test_a_whole_number_beside_a_placeholder_is_an_integer():
    body = importing({"constant": "s3://b/k"}, {"rows": 3.0, "from": "{{$.inputs.parameters['uri']}}"})
    rows = body.outputs["artifact"].metadata["rows"]
    assert repr(rows) == "3"  # 3.0 == 3 in Python, but not in the JSON that a task reads


def test_the_image_and_the_quantities_of_a_container_may_be_inputs():
    more = {
        "image": "{{$.inputs.parameters['pipelinechannel--i']}}",
        "resources": {"resourceMemoryLimit": "{{$.inputs.parameters['pipelinechannel--i']}}", "cpuRequest": 0.5},
    }
    text = compiled(
        {
            "s": task("says"),
            "t": task("hears", "s", **parameters(**{"text": constant("a"), "pipelinechannel--i": output_of("s")})),
        },
        {"says": component(outputs={"parameters": {"Output": TEXT}}, label="say"), "hears": HEARS},
        {"say": container(), "run": {"container": {"command": ["a"], **more}}},
    )
    body = only(text).body
    assert isinstance(body, Component)
    reference = Reference(Use.INPUT_VALUE, "pipelinechannel--i")
    assert body.image == reference
    assert body.resources == {"requests": {"cpu": "0.5"}, "limits": {"memory": reference}}
    assert body.inputs["pipelinechannel--i"].is_optional


def test_a_run_gives_parameters_by_their_types():
    inputs = {"parameters": {"n": NUMBER | {"defaultValue": 3.0}, "text": TEXT, "l": LIST | {"isOptional": True}}}
    text = compiled({"t": task("says")}, {"says": SAYS}, RUN, inputs)
    _, given = run_of(text, {"text": "a"})
    assert given == {"n": 3, "text": "a", "l": ABSENT}


def mistakes_of(text):
    with pytest.raises(InvalidSpecError) as caught:
        graph_of(text)
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (hearing(), "the required input 'text' is missing"),
        (hearing(**parameters(text=output_of("z"))), "there is no task 'z'"),
        (hearing(**parameters(text=output_of("s", "z"))), "there is no output of task 's' called 'z'"),
        (hearing(**parameters(text={"componentInputParameter": "z"})), "there is no input of the graph called 'z'"),
        (hearing(**parameters(text=constant("a")), triggerPolicy={"strategy": "X"}), "there is no strategy 'X'"),
        (compiled({"t": task("z")}, {}), "there is no component 'z'"),
        (compiled({"t": task("says")}, {"says": SAYS}), "there is no executor 'run'"),
        (compiled({"t": task("says")}, {"says": SAYS}, {"run": {}}), "neither a container nor an importer"),
        (compiled({"t": task("g")}, {"g": {"dag": {"tasks": {"t": task("g")}}}}), "in a cycle: g -> g"),
        (compiled({"a": task("says", "b"), "b": task("says", "a")}, {"says": SAYS}, RUN), "in a cycle"),
        (hearing(**parameters(text=output_of("s") | {"parameterExpressionSelector": "size(x)"})), "is not supported"),
        (hearing(**parameters(text=constant("a")), later=1), "unknown field"),
        ("a: b: c", "this is not YAML"),
        ("pipelineInfo: {name: a}\n---\npipelineInfo: {name: b}", "expected one compiled pipeline"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_named_with_its_place(text, said):
    found = mistakes_of(text)
    assert any(said in mistake for mistake in found), found
    assert all(mistake.startswith("spec.kfp") for mistake in found)


def test_an_older_schema_is_refused():
    text = hearing(**parameters(text=constant("a"))).replace('"2.1.0"', '"2.0.0"')
    assert mistakes_of(text) == ["spec.kfp.schemaVersion: expected 2.1.0, found '2.0.0': compile it with kfp 2"]
