"""Parameters that are wanted as files and too large for a Pod go through the store."""

import msgspec

from levada.graph.model import Component, Input, Output
from levada.graph.placeholders import Reference, Use
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.handoff import Assignment
from levada.planner.pod import VALUES_LIMIT, BuiltPod, RunIdentity, build_pod
from levada.planner.settings import PodSettings

ROOT = "s3://bucket/team/uid/task/0"
RUN = RunIdentity("run", "team", "uid", "s3://bucket")


def taking(*names: str) -> Component:
    inputs = {name: Input(name, "String", True) for name in names}
    outputs = {"n": Output("n", "Integer", True)}
    arguments = [Reference(Use.INPUT_PATH, name) for name in names]
    return Component(inputs, outputs, "image", command=("cmd",), args=tuple(arguments))


def build(run: RunIdentity, **inputs: str) -> BuiltPod | Failure:
    return build_pod(run, "task", 0, taking(*inputs), inputs, {}, PodSettings("levada"))


def assignment(built: BuiltPod) -> Assignment:
    (agent,) = built.manifest["spec"]["initContainers"]
    text = next(item["value"] for item in agent["env"] if item["name"] == "LEVADA_ASSIGNMENT")
    return msgspec.json.decode(text.replace("$$", "$"), type=Assignment)


def annotations(built: BuiltPod) -> list[str]:
    return [text for key, text in built.manifest["metadata"]["annotations"].items() if "/value-" in key]


def test_what_fits_stays_in_the_pod_and_needs_no_agent():
    built = build(RUN, a="x" * VALUES_LIMIT)
    assert isinstance(built, BuiltPod)
    assert not built.values
    assert "initContainers" not in built.manifest["spec"]


def test_only_the_largest_leave_the_pod():
    texts = {"a": "a" * 90_000, "b": "b" * 200_000, "c": "c" * 90_000}
    built = build(RUN, **texts)
    assert isinstance(built, BuiltPod)
    assert built.values == {f"{ROOT}/=value/b": texts["b"]}
    assert annotations(built) == [texts["a"], texts["c"]]
    (staged,) = assignment(built).stage
    assert (staged.uri, staged.path) == (f"{ROOT}/=value/b", "/levada/inputs/b/data")
    assert built.manifest["spec"]["containers"][0]["args"][1] == staged.path


def test_several_leave_the_pod_where_one_is_not_enough():
    texts = {name: name * 300_000 for name in "abc"}
    built = build(RUN, **texts)
    assert isinstance(built, BuiltPod)
    assert sorted(built.values.values()) == sorted(texts.values())
    assert annotations(built) == []


def test_bytes_count_and_not_characters():
    built = build(RUN, a="ä" * 150_000)
    assert isinstance(built, BuiltPod)
    assert len(built.values) == 1


def test_without_a_store_the_limit_is_named():
    failure = build(RunIdentity("run", "team", "uid"), a="x" * (VALUES_LIMIT + 1))
    assert isinstance(failure, Failure)
    assert failure.reason == reasons.NO_STORE
    assert "240,000 bytes" in failure.message


def test_a_store_that_the_run_cannot_use_is_named_as_such():
    fault = Failure(reasons.STORE_CHANGED, "moved")
    assert build(RunIdentity("run", "team", "uid", None, fault), a="x" * (VALUES_LIMIT + 1)) == fault


def test_a_pod_template_may_ask_for_the_restricted_profile():
    built = build_pod(RUN, "task", 0, taking(), {}, {"podSecurity": "restricted"}, PodSettings("levada"))
    assert isinstance(built, BuiltPod)
    assert built.manifest["spec"]["securityContext"]["runAsNonRoot"]
    assert built.manifest["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
