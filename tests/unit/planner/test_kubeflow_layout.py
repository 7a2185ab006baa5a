"""What executors of Kubeflow's are told, and where they find and leave things: in a Pod and on a laptop."""

import json

import pytest

from levada.graph.model import ABSENT, Artifact, Component, Input, Output
from levada.graph.placeholders import ExecutorInput, Reference, Use
from levada.planner.handoff import NOTHING
from levada.planner.layout import lay_out
from levada.planner.layout.executor_input import local_form
from levada.planner.pod import RunIdentity, build_pod
from levada.planner.settings import PodSettings

ROOT = "s3://bucket/ns/uid/task/0"
IN = {"x": Input("x", "Integer", True), "data": Input("data", "Dataset", False)}
OUT = {"n": Output("n", "Integer", True), "model": Output("model", "google.VertexModel", False)}
DATA = Artifact("s3://bucket/a/data", "sha256:1", "Dataset", {"rows": 3})


WHOLE = (ExecutorInput(),)


def component(inputs=IN, outputs=OUT, args=WHOLE):
    return Component(dict(inputs), dict(outputs), "image", ("run",), tuple(args), convention="Kubeflow")


def layout(inputs, made=None, *, folder="/levada", has_roots=True):
    return lay_out(made or component(), inputs, folder, ROOT, has_roots=has_roots)


def told(inputs, made=None, **options):
    return json.loads(layout(inputs, made, **options).run.args[0])


def test_the_executor_is_told_of_everything_in_its_own_words():
    assert told({"x": 5, "data": DATA}) == {
        "inputs": {
            "parameterValues": {"x": 5},
            "artifacts": {"data": {"artifacts": [{
                "name": "data", "type": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"},
                "uri": "s3://bucket/a/data", "metadata": {"rows": 3},
            }]}},
        },
        "outputs": {
            "parameters": {"n": {"outputFile": "/tmp/kfp/outputs/n"}},
            "artifacts": {"model": {"artifacts": [{
                "name": "model", "type": {"schemaTitle": "google.VertexModel", "schemaVersion": "0.0.1"},
                "uri": f"{ROOT}/model", "metadata": {},
            }]}},
            "outputFile": "/s3/bucket/ns/uid/task/0/output_metadata.json",
        },
    }  # fmt: skip


def test_empty_parts_are_left_out():
    assert told({}, component({}, {})) == {"outputs": {"outputFile": "/tmp/kfp/output_metadata.json"}}
    assert "inputs" not in told({"x": ABSENT, "data": ABSENT})


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_a_value_that_is_empty_is_told_all_the_same(value):
    assert told({"x": value})["inputs"] == {"parameterValues": {"x": value}}


def test_on_a_laptop_paths_stand_for_uris():
    made = layout({"x": 5, "data": DATA}, folder="/w", has_roots=False)
    said = json.loads(made.run.args[0])
    assert said["inputs"]["artifacts"]["data"]["artifacts"][0]["uri"] == made.stage[0].path == "/w/inputs/data/data"
    assert said["outputs"]["artifacts"]["model"]["artifacts"][0]["uri"] == "/w/outputs/model"
    assert said["outputs"]["outputFile"] == made.answer == "/w/outputs/output_metadata.json"
    assert said["outputs"]["parameters"]["n"]["outputFile"].startswith("/w/parameters/")
    assert made.roots == []


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("s3://b/k", "/s3/b/k"),
        ("gs://b/k/l", "/gcs/b/k/l"),
        ("minio://b/k", "/minio/b/k"),
        ("az://b/k", None),
        ("https://b/k", None),
        ("/s3/b", None),
        ("s3", None),
    ],
)
def test_the_sdk_makes_paths_of_three_schemes(uri, path):
    assert local_form(uri) == path


def test_what_has_no_local_form_is_told_as_a_path_and_brought_there():
    made = layout({"x": 1, "data": Artifact("az://c/data", "sha256:1", "Dataset")})
    said = json.loads(made.run.args[0])["inputs"]["artifacts"]["data"]["artifacts"][0]["uri"]
    assert said == made.stage[0].path == "/levada/inputs/data/data"


def test_an_artifact_that_its_task_did_not_make_is_told_and_not_brought():
    inputs = {"x": 1, "data": Artifact("s3://bucket/a/data", NOTHING, "Dataset")}
    assert layout(inputs).stage == []
    assert told(inputs)["inputs"]["artifacts"]["data"]["artifacts"][0]["uri"] == "s3://bucket/a/data"


def test_a_list_is_told_in_order_and_each_place_is_brought_once():
    made = component({"data": Input("data", "List[Dataset]", False)})
    other = Artifact("s3://bucket/b/data", "sha256:2", "Dataset")
    inputs = {"data": (other, DATA, other)}
    uris = [each["uri"] for each in told(inputs, made)["inputs"]["artifacts"]["data"]["artifacts"]]
    assert uris == [other.uri, DATA.uri, other.uri]
    assert [item.path for item in layout(inputs, made).stage] == ["/s3/bucket/b/data", "/s3/bucket/a/data"]


def test_a_whole_artifact_of_a_list_without_any_is_left_out():
    wanted = component(
        {"data": Input("data", "Dataset", False, is_optional=True)}, args=(Reference(Use.INPUT_ARTIFACT, "data"),)
    )
    assert layout({"data": ()}, wanted).run.args == layout({}, wanted).run.args


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (Reference(Use.INPUT_PATH, "data"), "/s3/bucket/a/data"),
        (Reference(Use.INPUT_URI, "data"), "s3://bucket/a/data"),
        (Reference(Use.INPUT_METADATA, "data"), '{"rows":3}'),
        (Reference(Use.INPUT_METADATA, "data", "rows"), "3"),
        (Reference(Use.INPUT_METADATA, "data", "none"), "null"),
        (Reference(Use.OUTPUT_PATH, "model"), "/s3/bucket/ns/uid/task/0/model"),
        (Reference(Use.OUTPUT_URI, "model"), f"{ROOT}/model"),
        (Reference(Use.OUTPUT_PATH, "n"), "/tmp/kfp/outputs/n"),
        (Reference(Use.INPUT_VALUE, "x"), "5"),
    ],
)
def test_a_placeholder_becomes_one_text(wanted, text):
    assert layout({"x": 5, "data": DATA}, component(args=(wanted,))).run.args == [text]


class TestPod:
    RUN = RunIdentity("run", "ns", "uid", "s3://bucket")

    def spec(self, made, inputs=None, *, attempt=0, restricted=False):
        settings = PodSettings("levada:1", restricted=restricted)
        return build_pod(self.RUN, "task", attempt, made, inputs or {}, {}, settings).manifest["spec"]

    @pytest.mark.parametrize("restricted", [False, True])
    def test_both_containers_share_the_folders_that_the_sdk_looks_into(self, restricted):
        spec = self.spec(component(), {"x": 5, "data": DATA}, restricted=restricted)
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        for container in (spec["containers"][0], spec["initContainers"][0]):
            places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            assert {"/s3", "/tmp/kfp/outputs"} <= places.keys()
            assert all(name in volumes for name in places.values())
            assert volumes[places["/s3"]]["emptyDir"] == {}
        assert json.loads(spec["initContainers"][0]["env"][0]["value"])["answer"].startswith("/s3/")

    def test_programs_without_a_home_get_one_and_those_of_levadas_convention_do_not(self):
        def places(made):
            return {mount["mountPath"] for mount in self.spec(made)["containers"][0].get("volumeMounts", [])}

        homes = {"/.local", "/.cache", "/.config"}
        assert places(component({}, {})) == homes
        assert places(Component({}, {}, "image")) == set()

    def test_the_executor_knows_its_pod_and_from_the_second_attempt_on_which_it_is(self):
        def told_of_pod(attempt):
            env = self.spec(component({}, {}), attempt=attempt)["containers"][0]["env"]
            return {entry["name"]: entry.get("value") for entry in env if entry["name"].startswith("KFP_")}

        assert told_of_pod(0) == {"KFP_POD_NAME": None, "KFP_POD_UID": None}
        assert told_of_pod(2)["KFP_RETRY_INDEX"] == "2"
