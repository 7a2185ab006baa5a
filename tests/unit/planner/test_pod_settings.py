"""What the installation says of task Pods: where images stand, and which variables every task has."""

import pytest

from levada.graph.model import Component, Input, Output
from levada.graph.placeholders import Reference, Use
from levada.graph.types import STRING
from levada.planner.pod import RunIdentity, build_pod
from levada.planner.settings import ImageRewrite, PodSettings

RUN = RunIdentity("run", "ns", "uid-1", "s3://bucket/root")
REWRITES = (
    ImageRewrite("python:3.11", "mirror/pinned"),
    ImageRewrite("python:*", "mirror/python:*"),
    ImageRewrite("mirror/*", "twice/*"),
    ImageRewrite("old/*", "one:1"),
)


def pod(component, settings, *, inputs=None, template=None, attempt=0):
    built = build_pod(RUN, "task", attempt, component, inputs or {}, template or {}, settings)
    return built.manifest["spec"]


def image_of(name):
    return pod(Component({}, {}, name), PodSettings("levada:1", image_rewrites=REWRITES))["containers"][0]["image"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("python:3.11", "mirror/pinned"),
        ("python:3.11-slim", "mirror/python:3.11-slim"),
        ("python:", "mirror/python:"),
        ("python", "python"),
        ("docker.io/python:3.11", "docker.io/python:3.11"),
        ("old/thing:2", "one:1"),
    ],
)
def test_the_first_rewrite_that_fits_names_the_image_and_nothing_is_rewritten_twice(name, expected):
    assert image_of(name) == expected


def test_an_image_that_is_an_inputs_value_is_rewritten_too():
    component = Component({"image": Input("image", STRING, True)}, {}, Reference(Use.INPUT_VALUE, "image"))
    spec = pod(component, PodSettings("levada:1", image_rewrites=REWRITES), inputs={"image": "python:3.9"})
    assert spec["containers"][0]["image"] == "mirror/python:3.9"


def test_the_agents_image_is_the_operators_own_whatever_the_rewrites_say():
    component = Component({}, {"model": Output("model", "Model", False)}, "image")
    spec = pod(component, PodSettings("python:3.11", image_rewrites=REWRITES))
    assert spec["initContainers"][0]["image"] == "python:3.11"


SETTINGS = PodSettings("levada:1", task_env={"A": "$(HOME)", "KFP_POD_NAME": "no", "LEVADA_RUN": "no"})


def env_of(component, template=None):
    return pod(component, SETTINGS, template=template)["containers"][0]["env"]


def test_every_task_has_the_variables_of_the_installation_word_for_word():
    assert {"name": "A", "value": "$$(HOME)"} in env_of(Component({}, {}, "image"))


@pytest.mark.parametrize(
    ("component", "template"),
    [
        (Component({}, {}, "image", env={"A": "own"}), {}),
        (Component({}, {}, "image"), {"env": [{"name": "A", "value": "own"}]}),
    ],
    ids=["component", "podTemplate"],
)
def test_who_sets_a_variable_has_its_own_value(component, template):
    assert [entry["value"] for entry in env_of(component, template) if entry["name"] == "A"] == ["own"]


def test_what_tasks_are_told_of_themselves_stays_true():
    entries = env_of(Component({}, {}, "image", convention="Kubeflow"))
    assert [entry["value"] for entry in entries if entry["name"] == "LEVADA_RUN"] == ["run"]
    assert ["valueFrom" in entry for entry in entries if entry["name"] == "KFP_POD_NAME"] == [True]


def test_the_agent_has_no_variables_of_tasks():
    spec = pod(Component({}, {"model": Output("model", "Model", False)}, "image"), SETTINGS)
    assert "A" not in [entry["name"] for entry in spec["initContainers"][0]["env"]]
