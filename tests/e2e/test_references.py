"""Components, Pipelines and runs are applied in any order, and say what they wait for."""

import pytest

from e2e.runs import condition, container, kind

TRIVIAL = container("true")["componentSpec"]


def pipeline_of(component):
    return {"tasks": [{"name": "only", "componentRef": {"name": component}}]}


@pytest.fixture
def ready(kubectl, namespace, wait_for):
    """`ready("pipeline", "name", "True")` waits for an object's condition `Ready` and returns it."""

    def wait(plural, name, status, reason=None):
        def reached():
            found = condition(
                kubectl.json("get", f"{plural}.levada.dev", name, "-n", namespace).get("status", {}), "Ready"
            )
            return found if found.get("status") == status and reason in (None, found["reason"]) else None

        return wait_for(reached, f"{plural} {name} to be Ready={status}")

    return wait


def test_references_may_come_last(runs):
    runs.apply(kind("PipelineRun", "early", {"pipelineRef": {"name": "later"}}))

    def waits_for(name):
        return lambda status: name in condition(status).get("message", "")

    waiting = runs.until("early", waits_for("Pipeline/later"), "waits for its pipeline")
    assert (waiting["phase"], condition(waiting)["reason"]) == ("Pending", "WaitingForReference")
    runs.apply(kind("Pipeline", "later", pipeline_of("last")))
    runs.until("early", waits_for("Component/last"), "waits for its component")
    runs.apply(kind("Component", "last", TRIVIAL))
    runs.succeed("early")


def test_pipelines_within_pipelines_may_come_last(runs, ready):
    def holding(*names):
        return {"tasks": [{"name": name, "pipelineRef": {"name": name}} for name in names]}

    runs.apply(kind("PipelineRun", "early", {"pipelineRef": {"name": "outer"}}))
    runs.apply(kind("Pipeline", "outer", {"tasks": [{"name": "inline", "pipelineSpec": holding("inner")}]}))
    assert "Pipeline/inner" in ready("pipelines", "outer", "False", "WaitingForReference")["message"]
    runs.until("early", lambda status: "Pipeline/inner" in condition(status).get("message", ""), "waits for inner")
    runs.apply(kind("Pipeline", "inner", pipeline_of("last")))
    assert "Component/last" in ready("pipelines", "inner", "False", "WaitingForReference")["message"]
    runs.apply(kind("Component", "last", TRIVIAL))
    runs.succeed("early")
    ready("pipelines", "outer", "True")
    runs.apply(kind("Pipeline", "inner", holding("outer")))
    assert "outer -> inner -> outer" in ready("pipelines", "outer", "False", "InvalidSpec")["message"]


def test_a_reference_that_never_comes_fails_the_run(runs):
    runs.apply(kind("PipelineRun", "lonely", {"pipelineRef": {"name": "never"}, "waitForReferences": "1s"}))
    status, _ = runs.end("lonely")
    assert condition(status)["reason"] == "ReferenceNotFound"
    assert "Pipeline/never" in condition(status)["message"]
    assert "waitForReferences" in condition(status)["message"]


def test_a_pipeline_becomes_ready_when_its_component_comes(runs, ready, kubectl, namespace):
    runs.apply(kind("Pipeline", "early", pipeline_of("late")))
    assert "Component/late" in ready("pipelines", "early", "False", "WaitingForReference")["message"]
    runs.apply(kind("Component", "late", TRIVIAL))
    ready("components", "late", "True")
    ready("pipelines", "early", "True")
    kubectl("delete", "components.levada.dev", "late", "-n", namespace)
    ready("pipelines", "early", "False", "WaitingForReference")


def test_a_pipeline_hears_when_its_component_is_edited_into_one_that_does_not_fit(runs, ready):
    number = container("true", {"inputValue": "n"}, inputs=[{"name": "n", "type": "Integer"}])["componentSpec"]
    runs.apply(kind("Component", "part", TRIVIAL), kind("Pipeline", "whole", pipeline_of("part")))
    ready("pipelines", "whole", "True")
    runs.apply(kind("Component", "part", number))
    assert "'n'" in ready("pipelines", "whole", "False", "InvalidSpec")["message"].replace('"', "'")


def test_a_component_with_mistakes_says_so(runs, ready):
    unknown = container("true", {"inputValue": "nothing"})["componentSpec"]
    runs.apply(kind("Component", "wrong", unknown))
    assert "nothing" in ready("components", "wrong", "False", "InvalidSpec")["message"]
