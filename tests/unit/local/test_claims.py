"""Claims without a cluster: folders that outlive the run."""

import pytest

from levada.local.claims import carry_out, claim_folder, forget, mounts_of
from levada.planner.attempt import Success
from levada.planner.run import Run
from unit.planner.claims import claim_graph
from unit.planner.pods import NOW


def order(deed, **given):
    (start,) = Run(claim_graph(deed, **given), {}).plan(NOW).starts
    return start.leaf


CREATE, DELETE = order("create", pvc_name="data"), order("delete", pvc_name="data")


@pytest.fixture
def made(tmp_path):
    """The folder of a claim with a file in it."""
    outcome = carry_out(CREATE, tmp_path, "uid")
    assert outcome.outputs == {"name": "data"}
    folder = claim_folder(tmp_path, "data")
    (folder / "file").write_text("kept")
    return folder


def test_a_claim_that_is_made_twice_by_one_task_keeps_what_is_in_it(tmp_path, made):
    assert isinstance(carry_out(CREATE, tmp_path, "uid"), Success)
    assert (made / "file").read_text() == "kept"


def test_anothers_claim_is_not_taken(tmp_path, made):
    assert carry_out(CREATE, tmp_path, "other").reason == "NameTaken"
    assert (made / "file").exists()


def test_a_removed_claim_is_gone_and_its_name_is_free(tmp_path, made):
    assert isinstance(carry_out(DELETE, tmp_path, "other"), Success)
    assert not made.exists()
    forget(DELETE, tmp_path, "other")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert isinstance(carry_out(CREATE, tmp_path, "third"), Success)


def test_a_removal_that_was_cut_short_has_happened(tmp_path, made):
    carry_out(DELETE, tmp_path, "uid")
    assert isinstance(carry_out(DELETE, tmp_path, "uid"), Success)


def test_a_claim_that_is_not_there_cannot_be_removed(tmp_path):
    assert carry_out(DELETE, tmp_path, "uid").reason == "ClaimMissing"


def test_no_claim_lies_outside_of_its_folder(tmp_path):
    outside = tmp_path / "precious"
    outside.mkdir()
    assert carry_out(order("delete", pvc_name="../precious"), tmp_path, "uid").reason == "InvalidClaim"
    assert outside.exists()


def mounting(**more):
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "s", "emptyDir": {}}]
    mounts = [{"name": "v", "mountPath": "/data", **more}, {"name": "s", "mountPath": "/scratch"}]
    return {"volumes": volumes, "volumeMounts": mounts}


def test_a_container_is_given_the_folders_of_its_claims(tmp_path, made):
    assert mounts_of(mounting(), tmp_path) == (f"{made}:/data",)
    assert mounts_of(mounting(subPath="in/side", readOnly=True), tmp_path) == (f"{made}/in/side:/data:ro",)
    assert (made / "in" / "side").is_dir()


def test_a_claim_to_mount_that_is_not_here_is_named_with_the_cure(tmp_path):
    failure = mounts_of(mounting(), tmp_path)
    assert failure.reason == "ClaimMissing"
    assert f"mkdir -p {tmp_path}/volumes/data" in failure.message


def test_no_mount_leads_out_of_its_claim(tmp_path, made):
    assert mounts_of(mounting(subPath="../.makers"), tmp_path).reason == "InvalidClaim"
