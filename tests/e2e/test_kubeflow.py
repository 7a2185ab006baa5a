"""Compiled Kubeflow pipelines run as they are, with one Pod for each task."""

import json
import os
from textwrap import dedent

import pytest

from cluster import images, kubeflow
from e2e.runs import kind
from unit.frontend.kfp.documents import DATASET, LIST, NUMBER, TEXT, compiled, component, constant, output_of, task

RUN_PYTHON = """
program=$(mktemp -d); printf "%s" "$0" > "$program/component.py"
_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --component_module_path "$program/component.py" "$@"
"""
INSTALL = 'python3 -m pip install --quiet kfp==2.17.0 --no-deps && "$0" "$@"'


@pytest.fixture(scope="module", autouse=True)
def image(cluster):  # started before an image can be loaded
    if os.environ.get("LEVADA_TEST_KUBECONFIG"):
        pytest.skip("left out, Kubeflow's pipelines in Pods: their image can be loaded only into a cluster of our own")
    images.load(kubeflow.image())


def python(function, source):
    """An executor that installs the SDK and runs a function, as its compiler writes them."""
    program = "from kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n" + dedent(source)
    arguments = ["--executor_input", "{{$}}", "--function_to_execute", function]
    return {
        "container": {
            "image": kubeflow.NAME,
            "command": ["sh", "-c", INSTALL, "sh", "-ec", RUN_PYTHON, program],
            "args": arguments,
        }
    }


def artifact_of(producer, key):
    return {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": key}}


def test_five_steps_hand_on_values_files_and_notes_with_a_pod_each(runs, store, bucket):
    executors = {
        "make": python("make", """
            def make(rows: int, data: Output[Dataset]) -> str:
                assert data.uri.startswith('s3://') and data.path.startswith('/s3/')
                with open(data.path, 'w') as file:
                    file.write('x' * rows)
                data.metadata['rows'] = rows
                return 'made'
            """),
        "count": python("count", """
            def count(data: Input[Dataset], factor: int) -> int:
                assert data.metadata['rows'] == 3
                return len(open(data.path).read()) * factor
            """),
        "add": python("add", """
            def add(numbers: List[int]) -> int:
                return sum(numbers)
            """),
        "say": python("say", """
            def say(total: int, text: str):
                assert (total, text) == (9, 'total 9 of made')
            """),
    }  # fmt: skip
    data = {"artifacts": {"data": DATASET}}
    components = {
        "make": component({"parameters": {"rows": NUMBER}}, data | {"parameters": {"Output": TEXT}}, "make"),
        "count": component(
            data | {"parameters": {"factor": NUMBER}}, {"parameters": {"Output": NUMBER}}, "count"
        ),
        "add": component({"parameters": {"numbers": LIST}}, {"parameters": {"Output": NUMBER}}, "add"),
        "say": component({"parameters": {"total": NUMBER, "text": TEXT}}, None, "say"),
        "loop": {
            "dag": {
                "tasks": {"count": task("count", inputs={
                    "artifacts": {"data": {"componentInputArtifact": "data"}},
                    "parameters": {"factor": {"componentInputParameter": "factor"}}})},
                "outputs": {"parameters": {"counts": {"valueFromParameter": {
                    "producerSubtask": "count", "outputParameterKey": "Output"}}}},
            },
            "inputDefinitions": data | {"parameters": {"factor": NUMBER}},
            "outputDefinitions": {"parameters": {"counts": LIST}},
        },
    }  # fmt: skip
    text = "total {{$.inputs.parameters['pipelinechannel--t']}} of {{$.inputs.parameters['pipelinechannel--m']}}"
    said = {"total": output_of("add"), "text": constant(text), "pipelinechannel--t": output_of("add"),
            "pipelinechannel--m": output_of("make")}  # fmt: skip
    tasks = {
        "make": task("make", inputs={"parameters": {"rows": {"componentInputParameter": "rows"}}}),
        "loop": task("loop", "make", inputs={"artifacts": {"data": artifact_of("make", "data")}},
                     parameterIterator={"itemInput": "factor", "items": {"raw": "[1, 2]"}}),
        "add": task("add", "loop", inputs={"parameters": {"numbers": output_of("loop", "counts")}}),
        "say": task("say", "add", "make", inputs={"parameters": said}, triggerPolicy={
            "condition": "int(inputs.parameter_values['pipelinechannel--t']) > 5"}),
    }  # fmt: skip
    outputs = {
        "parameters": {"total": {"valueFromParameter": {"producerSubtask": "add", "outputParameterKey": "Output"}}}
    }
    document = compiled(tasks, components, executors, {"parameters": {"rows": NUMBER}}, outputs,
                        {"parameters": {"total": NUMBER}})  # fmt: skip
    runs.apply(kind("PipelineRun", "steps", {"kfp": document, "parameters": {"rows": 3}}))
    status, found = runs.succeed("steps", 300)
    assert status["outputs"] == {"total": 9}
    pods = runs.pods("steps")
    assert sorted(pod["metadata"]["annotations"]["levada.dev/task"] for pod in pods) == [
        "add", "loop[0].count", "loop[1].count", "make", "say",
    ]  # fmt: skip
    made = found["make"]["outputs"]["data"]
    key = made["uri"].partition("://")[2].partition("/")[2]
    assert bytes(bucket.get(key).bytes()) == b"xxx"
    assert made["metadata"] == {"rows": 3}


def test_an_executor_that_fails_says_so_and_the_exit_task_hears_of_it(runs, store):
    fail = python(
        "fail",
        """
        def fail():
            raise SystemExit(7)
        """,
    )
    tell = python(
        "tell",
        """
        def tell(status: PipelineTaskFinalStatus) -> str:
            return status.state + ' ' + status.pipeline_task_name
        """,
    )
    final = {"parameters": {"status": {"parameterType": "TASK_FINAL_STATUS", "isOptional": True}}}
    tasks = {
        "fail": task("fail"),
        "tell": task("tell", "fail", inputs={"parameters": {"status": {"taskFinalStatus": {"producerTask": "fail"}}}},
                     triggerPolicy={"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}),
    }  # fmt: skip
    components = {
        "fail": component(label="fail"),
        "tell": component(final, {"parameters": {"Output": TEXT}}, "tell"),
    }
    runs.apply(kind("PipelineRun", "exits", {"kfp": compiled(tasks, components, {"fail": fail, "tell": tell})}))
    status, found = runs.end("exits", 240)
    assert (status["phase"], found["fail"]["exitCode"]) == ("Failed", 7)
    assert found["tell"]["outputs"] == {"Output": "FAILED fail"}


def test_what_cannot_run_ends_the_run_before_anything_starts(runs):
    document = json.loads(compiled({"t": task("z")}, {}))
    runs.apply(kind("PipelineRun", "unknown", {"kfp": json.dumps(document)}))
    status, _ = runs.end("unknown", 60)
    assert status["phase"] == "Failed"
    message = next(item["message"] for item in status["conditions"] if item["type"] == "Succeeded")
    assert "spec.kfp.root.dag.tasks.t.componentRef.name: there is no component 'z'" in message
    assert not runs.pods("unknown")
