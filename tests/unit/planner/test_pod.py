"""What an attempt's Pod looks like; design rules that experiments on a real cluster paid for."""

import json

import pytest

from levada.graph.model import Artifact, Component, Input, Output
from levada.graph.placeholders import Reference, Use
from levada.graph.types import INTEGER, STRING
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.layout.model import ARGUMENT_LIMIT
from levada.planner.names import RESULT_FINALIZER, RUN_LABEL, SPEC_ANNOTATION, STORE_OBJECT
from levada.planner.pod import VALUES_LIMIT, RunIdentity, build_pod
from levada.planner.settings import PodSettings

RUN = RunIdentity("run", "ns", "uid-1", "s3://bucket/root")
SETTINGS = PodSettings("levada:1")


def value(name):
    return Reference(Use.INPUT_VALUE, name)


def file(name):
    return Reference(Use.INPUT_PATH, name)


NUMBER = Component(
    {"x": Input("x", STRING, True)}, {"n": Output("n", INTEGER, True)}, "image",
    ("sh", "-c"), (value("x"), Reference(Use.OUTPUT_PATH, "n")),
)  # fmt: skip
MODEL = Component(
    {"data": Input("data", "Dataset", False)}, {"model": Output("model", "Model", False)}, "image",
    ("train",), (file("data"), Reference(Use.OUTPUT_PATH, "model")), output_grace=900,
)  # fmt: skip
DATA = {"data": Artifact("s3://bucket/data", "sha256:1")}


def build(component=NUMBER, inputs=None, template=None, settings=SETTINGS, *, path="task", attempt=0, run=RUN):
    inputs = {"x": "hello"} if inputs is None else inputs
    return build_pod(run, path, attempt, component, inputs, template or {}, settings)


def manifest(*arguments, **keywords):
    return build(*arguments, **keywords).manifest


def main(pod):
    return pod["spec"]["containers"][0]


def test_a_task_with_one_number_needs_no_agent_and_little_room():
    pod = manifest()
    assert "initContainers" not in pod["spec"]
    assert main(pod)["terminationMessagePath"] == "/levada/outputs/n/data"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 30
    assert len(json.dumps(pod, separators=(",", ":"))) < 3000


def test_artifacts_bring_the_agent_with_the_components_grace():
    pod = manifest(MODEL, DATA)
    (agent,) = pod["spec"]["initContainers"]
    assert (agent["image"], agent["restartPolicy"]) == ("levada:1", "Always")
    assert pod["spec"]["terminationGracePeriodSeconds"] == 900
    assignment = json.loads(agent["env"][0]["value"])
    assert assignment["root"] == "s3://bucket/root/ns/uid-1/task/0"
    assert assignment["stage"][0] | {"path": ""} == {
        "name": "data", "path": "", "uri": "s3://bucket/data", "digest": "sha256:1",
    }  # fmt: skip
    inputs = next(mount for mount in main(pod)["volumeMounts"] if mount["name"] == "levada-inputs")
    assert inputs["readOnly"] is True


@pytest.mark.threat(
    "a Pod is built with the keys in reach of the task",
    holds="they are mounted into the agent alone",
)
def test_the_stores_credentials_reach_the_agent_only():
    pod = manifest(MODEL, DATA)
    store = next(volume for volume in pod["spec"]["volumes"] if STORE_OBJECT in json.dumps(volume))
    assert store["name"] in [mount["name"] for mount in pod["spec"]["initContainers"][0]["volumeMounts"]]
    assert store["name"] not in [mount["name"] for mount in main(pod)["volumeMounts"]]
    assert STORE_OBJECT not in json.dumps(main(pod))


@pytest.mark.threat(
    "a value reads other variables by `$(NAME)`",
    holds="each `$` is doubled: the kubelet expands nothing",
)
@pytest.mark.parametrize("text", ["$(id)", "$(HOME)", "$$", "a$b", "$"])
def test_every_dollar_is_doubled_so_that_the_kubelet_expands_nothing(text):
    component = Component(NUMBER.inputs, {}, "image", ("echo", text), (value("x"),), {"E": value("x")})
    container = main(manifest(component, {"x": text}))
    doubled = text.replace("$", "$$")
    assert container["command"][1] == container["args"][0] == doubled
    assert {"name": "E", "value": doubled} in container["env"]


def test_the_task_knows_who_it_is():
    env = {entry["name"]: entry["value"] for entry in main(manifest(path="sweep[3].fit", attempt=2))["env"]}
    assert env == {
        "LEVADA_RUN": "run", "LEVADA_NAMESPACE": "ns", "LEVADA_TASK": "sweep[3].fit", "LEVADA_ATTEMPT": "2",
    }  # fmt: skip


@pytest.mark.parametrize("size", [ARGUMENT_LIMIT, ARGUMENT_LIMIT + 1])
def test_an_argument_that_no_kernel_takes_is_refused_with_the_cure(size):
    built = build(inputs={"x": "x" * size})
    assert isinstance(built, Failure) == (size > ARGUMENT_LIMIT)
    if isinstance(built, Failure):
        assert (built.reason, "inputPath" in built.message) == (reasons.ARGUMENT_TOO_LONG, True)


class TestParametersAsFiles:
    ONE = Component({"x": Input("x", STRING, True)}, {}, "image", ("cat", file("x")))
    TWO = Component({name: Input(name, STRING, True) for name in "xy"}, {}, "image", ("cat", file("x"), file("y")))

    def test_come_from_an_annotation_of_the_pod(self):
        pod = manifest(self.ONE, {"x": "line\n"})
        (item,) = pod["spec"]["volumes"][0]["downwardAPI"]["items"]
        annotation = item["fieldRef"]["fieldPath"].partition("'")[2].rstrip("']")
        assert pod["metadata"]["annotations"][annotation] == "line\n"
        assert main(pod)["command"][1] == "/levada/values/x"

    def test_go_through_the_store_when_they_are_too_large_for_it_the_largest_first(self):
        small, large = "s" * 1000, "é" * (VALUES_LIMIT // 2)
        built = build(self.TWO, {"x": large, "y": small})
        assert built.values == {"s3://bucket/root/ns/uid-1/task/0/=value/x": large}
        assert "é" not in json.dumps(built.manifest, ensure_ascii=False)
        command = main(built.manifest)["command"]
        assert command[1:] == ["/levada/inputs/x/data", "/levada/values/y"]

    def test_say_that_a_store_is_needed_where_there_is_none(self):
        built = build(self.ONE, {"x": "x" * (VALUES_LIMIT + 1)}, run=RunIdentity("run", "ns", "uid"))
        assert (built.reason, STORE_OBJECT in built.message) == (reasons.NO_STORE, True)


def test_without_a_store_a_task_with_artifacts_says_so_and_one_with_a_number_runs():
    run = RunIdentity("run", "ns", "uid")
    assert build(MODEL, DATA, run=run).reason == reasons.NO_STORE
    assert build(run=run).manifest["kind"] == "Pod"


class TestSecurity:
    def test_every_container_is_confined(self):
        pod = manifest(MODEL, DATA)
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [main(pod), *pod["spec"]["initContainers"]]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["enableServiceLinks"] is False

    def test_the_baseline_agent_is_root_with_one_capability(self):
        security = manifest(MODEL, DATA)["spec"]["initContainers"][0]["securityContext"]
        assert security["runAsUser"] == 0
        assert security["capabilities"] == {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]}

    @pytest.mark.parametrize("wish", [{"settings": PodSettings("i", restricted=True, user=7, group=8)},
                                      {"settings": PodSettings("i", user=7, group=8),
                                       "template": {"podSecurity": "restricted"}}])  # fmt: skip
    def test_the_restricted_profile_has_one_user_for_all(self, wish):
        pod = manifest(MODEL, DATA, **wish)
        security = pod["spec"]["securityContext"]
        assert [security[key] for key in ("runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup")] == [True, 7, 8, 8]
        for container in [main(pod), *pod["spec"]["initContainers"]]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "runAsUser" not in container["securityContext"]


class TestIdentity:
    def test_a_pod_is_held_until_its_result_is_recorded_and_goes_with_its_run(self):
        metadata = manifest()["metadata"]
        assert metadata["finalizers"] == [RESULT_FINALIZER]
        (owner,) = metadata["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == ("uid-1", True)

    def test_the_same_attempt_always_makes_the_same_pod(self):
        assert manifest() == manifest()

    def test_name_and_hash_differ_by_run_task_and_attempt(self):
        other = RunIdentity("run", "ns", "uid-2", RUN.store_url)
        pods = [manifest(), manifest(attempt=1), manifest(path="task2"), manifest(run=other)]
        assert len({pod["metadata"]["name"] for pod in pods}) == len(pods)

    def test_the_hash_tells_another_spec(self):
        def spec_hash(text):
            return manifest(inputs={"x": text})["metadata"]["annotations"][SPEC_ANNOTATION]

        assert spec_hash("a") != spec_hash("b")

    def test_a_template_adds_labels(self):
        metadata = manifest(template={"labels": {"team": "a"}})["metadata"]
        assert metadata["labels"] == {"team": "a", RUN_LABEL: "run"}

    @pytest.mark.parametrize("forged", [{"labels": {RUN_LABEL: "x"}}, {"annotations": {SPEC_ANNOTATION: "x"}}])
    def test_a_template_never_takes_ours(self, forged):
        refused = build(template=forged)
        assert isinstance(refused, Failure)
        assert refused.reason == reasons.NAME_NOT_ALLOWED
        assert "Levada's own" in refused.message


def test_a_template_places_the_pod_and_its_resources_go_over_the_components():
    component = Component({}, {}, "image", ("true",), resources={"limits": {"memory": "1Gi"}})
    template = {"nodeSelector": {"gpu": "yes"}, "resources": {"limits": {"memory": "2Gi"}}}
    pod = manifest(component, {}, template)
    assert pod["spec"]["nodeSelector"] == {"gpu": "yes"}
    assert main(pod)["resources"] == {"limits": {"memory": "2Gi"}}


def test_a_component_without_a_command_keeps_its_images():
    assert not {"command", "args"} & main(manifest(Component({}, {}, "image"), {})).keys()
