"""What the results of a task follow from, and why earlier results do not do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from levada.graph.model import ABSENT, Artifact, Component, Input, Output
from levada.graph.placeholders import Concat, If, Reference, Use
from levada.planner.flow.cache import Entry, difference, external_uris, is_stale, work_of
from levada.planner.handoff import NOTHING

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DATA = Artifact("s3://bucket/data", "sha256:1")
LEARNER = Component(
    {"data": Input("data", "Dataset", False), "epochs": Input("epochs", "Integer", True, is_optional=True)},
    {"model": Output("model", "Model", False)},
    "registry/learner:1",
    ("learn",),
    (Reference(Use.INPUT_PATH, "data"), If("epochs", ("--epochs", Reference(Use.INPUT_VALUE, "epochs")), ())),
)


def work(component=LEARNER, path="train", salt="", seen=None, template=None, **inputs):
    return work_of(component, path, {"data": DATA, "epochs": 5} | inputs, template or {}, salt, seen or {})


def mounting(claim):
    return {
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}, {"name": "s", "emptyDir": {}}],
        "volumeMounts": [{"name": "v", "mountPath": "/data"}, {"name": "s", "mountPath": "/scratch"}],
    }


class TestTheKey:
    def test_is_the_same_for_the_same_work_whichever_task_does_it(self):
        assert work().key == work(path="sweep[3].fit").key

    def test_knows_artifacts_by_content_and_not_by_name(self):
        assert work().key == work(data=Artifact("s3://elsewhere/x", "sha256:1", "Model", {"rows": 7})).key
        assert work().key != work(data=Artifact(DATA.uri, "sha256:2")).key

    def test_knows_external_data_by_its_fingerprint(self):
        external = Artifact("s3://public/data")
        assert external_uris({"data": external, "list": (external, DATA)}) == [external.uri]
        first, again, changed = (work(data=external, seen={external.uri: f"listing:{n}"}).key for n in (1, 1, 2))
        assert first == again != changed

    def test_changes_with_the_order_of_a_list_of_artifacts(self):
        other = Artifact("s3://bucket/other", "sha256:2")
        assert work(data=(DATA, other)).key != work(data=(other, DATA)).key

    def test_tells_a_text_from_a_number_and_nothing_from_something(self):
        keys = {work(epochs=value).key for value in ("5", 5, ABSENT, "", "null")}
        assert len(keys) == 5

    @pytest.mark.parametrize(
        "change",
        [
            {"image": "registry/learner:2"},
            {"command": ("train",)},
            {"args": (Concat(("--epochs=", Reference(Use.INPUT_VALUE, "epochs"))),)},
            {"env": {"SEED": "1"}},
            {"outputs": {"model": Output("model", "Dataset", False)}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_changes_with_what_the_component_does(self, change):
        assert work(replace(LEARNER, **change)).key != work().key

    def test_does_not_change_with_where_and_how_long_it_runs(self):
        roomy = replace(LEARNER, resources={"limits": {"memory": "1Gi"}}, output_grace=600, log_tail=False)
        assert work(roomy).key == work().key

    def test_tells_one_claim_from_another_and_from_none_by_their_names(self):
        keys = {work(template=template).key for template in ({}, mounting("a"), mounting("b"))}
        assert len(keys) == 3
        assert work(template={"nodeSelector": {"gpu": "yes"}}).key == work().key
        assert difference(work(template=mounting("b")), work(template=mounting("a"))) == "InputChanged: claim at /data"

    def test_takes_an_image_by_its_digest_where_that_is_known(self):
        mirrors = (replace(LEARNER, image=f"{name}@sha256:77") for name in ("a/learner:1", "mirror/learner"))
        assert len({work(mirror).key for mirror in mirrors}) == 1

    def test_of_another_salt_is_another_key_and_no_kin(self):
        assert work().key != work(salt="2").key
        assert not set(work().kin) & set(work(salt="2").kin)


class TestWhyThereIsNoEntry:
    def test_nothing_like_it_was_ever_done(self):
        assert difference(work(), None) == "NoEntry"

    def test_the_same_was_done_and_is_not_kept_any_more(self):
        assert difference(work(), work()) == "NoEntry"

    def test_inputs_changed_appeared_or_went(self):
        assert difference(work(epochs=6), work()) == "InputChanged: epochs"
        assert difference(work(epochs=ABSENT), work()) == "InputChanged: epochs"
        assert difference(work(epochs=6, data=Artifact(DATA.uri, "sha256:2")), work()) == "InputChanged: data, epochs"

    def test_the_image_changed(self):
        assert difference(work(replace(LEARNER, image="registry/learner:2"), epochs=6), work()) == "ImageChanged"

    def test_the_component_changed(self):
        assert difference(work(replace(LEARNER, command=("train",)), epochs=6), work()) == "ComponentChanged"


class TestTheNearestKin:
    def test_is_the_same_task_with_its_component_and_image_then_with_its_component_then_with_any(self):
        others = (
            work(epochs=6),
            work(replace(LEARNER, image="registry/learner:2")),
            work(replace(LEARNER, command=("train",))),
        )
        assert [shared(other) for other in others] == [
            [True, True, True, True],
            [False, True, True, True],
            [False, False, True, False],
        ]

    def test_is_another_task_of_the_same_component_only_after_that(self):
        other = work(path="another", epochs=6)
        assert shared(other) == [False, False, False, True]

    def test_takes_the_iterations_of_a_loop_for_one_task(self):
        assert work(path="sweep[3].fit").kin == work(path="sweep[4].fit").kin
        assert work(path="sweep[3].fit").kin[2] != work(path="fit").kin[2]


def shared(other):
    return [mine == theirs for mine, theirs in zip(work().kin, other.kin, strict=True)]


def test_an_entry_is_stale_once_it_is_older_than_asked_for():
    entry = Entry(work(), "run", "train", NOW - timedelta(seconds=60), {}, {})
    assert [is_stale(entry, limit, NOW) for limit in (None, 60, 59)] == [False, False, True]


class TestWhatExecutorsOfKubeflowsSee:
    LEARNER = replace(LEARNER, convention="Kubeflow")

    @pytest.mark.parametrize("artifact", [replace(DATA, metadata={"rows": 7}), replace(DATA, type="Model")])
    def test_is_in_the_key_with_the_metadata_and_the_type_of_artifacts(self, artifact):
        assert work(self.LEARNER).key != work(self.LEARNER, data=artifact).key
        assert work(self.LEARNER, data=(DATA,)).key != work(self.LEARNER, data=(artifact,)).key

    def test_is_not_where_an_artifact_stands(self):
        assert work(self.LEARNER).key == work(self.LEARNER, data=replace(DATA, uri="s3://elsewhere/x")).key

    def test_is_told_from_an_artifact_that_was_never_made(self):
        assert work(self.LEARNER).key != work(self.LEARNER, data=replace(DATA, digest=NOTHING)).key
        assert external_uris({"data": replace(DATA, digest=NOTHING)}) == []
