"""Small compiled pipelines for tests, as Kubeflow's compiler would write them."""

import json

from levada.frontend.native import build_graph, build_run

TEXT = {"parameterType": "STRING"}
NUMBER = {"parameterType": "NUMBER_INTEGER"}
LIST = {"parameterType": "LIST"}
DATASET = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}


def compiled(tasks, components, executors=None, inputs=None, outputs=None, made=None):
    """The text of a pipeline: `outputs` says where they come from, `made` what they are."""
    dag = {"tasks": tasks} | ({"outputs": outputs} if outputs else {})
    root = {"dag": dag} | ({"inputDefinitions": inputs} if inputs else {})
    root |= {"outputDefinitions": made} if made else {}
    document = {
        "pipelineInfo": {"name": "test"},
        "schemaVersion": "2.1.0",
        "root": root,
        "components": components,
        "deploymentSpec": {"executors": executors or {}},
    }
    return json.dumps(document)


def component(inputs=None, outputs=None, label="run"):
    """A component whose executor has that label."""
    found = {"executorLabel": label}
    found |= {"inputDefinitions": inputs} if inputs else {}
    return found | ({"outputDefinitions": outputs} if outputs else {})


def container(*args, **more):
    """An executor."""
    return {"container": {"image": "python:3.11", "command": ["run"], "args": list(args), **more}}


def task(name, *after, **more):
    """A task that runs the component `name`."""
    found = {"componentRef": {"name": name}, "taskInfo": {"name": name}}
    return found | ({"dependentTasks": list(after)} if after else {}) | more


def parameters(**bindings):
    """The inputs of a task, values only."""
    return {"inputs": {"parameters": bindings}}


def constant(value):
    return {"runtimeValue": {"constant": value}}


def output_of(producer, key="Output"):
    return {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": key}}


def graph_of(text):
    return build_graph({"kfp": text}, {}, {})


def run_of(text, given=None, **more):
    return build_run({"kfp": text, "parameters": given or {}} | more, {}, {})
