"""The workspace of a compiled pipeline on a laptop: a folder of the run's own."""

import json

import pytest

from unit.frontend.kfp.documents import TEXT, compiled, component, constant, parameters, task

NOTE = "{{$.inputs.parameters['note']}}"


@pytest.fixture
def pipeline(levada):
    """The file of a pipeline whose first task leaves a note for its second, which fails where `broken` says so."""
    note = constant("{{$.workspace_path}}/note")
    broken = {"parameters": {"broken": {**TEXT, "defaultValue": "yes", "isOptional": True}}}
    takes = {"parameters": {"note": TEXT}}
    reads = {"parameters": {"note": TEXT, "broken": TEXT}}
    tasks = {
        "write": task("write", **parameters(note=note)),
        "read": task("read", "write", **parameters(note=note, broken={"componentInputParameter": "broken"})),
    }
    executors = {
        "write": {"container": {"image": "tool:1", "command": ["sh", "-c", f"echo shared > {NOTE}"]}},
        "read": {
            "container": {
                "image": "tool:1",
                "command": ["sh", "-ec", f"grep shared {NOTE}; test {{{{$.inputs.parameters['broken']}}}} = no"],
            }
        },
    }
    components = {"write": component(takes, label="write"), "read": component(reads, label="read")}
    text = compiled(tasks, components, executors, inputs=broken)
    workspace = {"platforms": {"kubernetes": {"pipelineConfig": {"workspace": {"size": "1Gi"}}}}}
    path = levada.folder / "shares.yaml"
    path.write_text(f"{text}\n---\n{json.dumps(workspace)}\n")
    return path


def test_it_is_shared_and_gone_when_all_went_well(levada, pipeline):
    done = levada.run(pipeline, "--name", "one", "-p", "broken=no")
    assert done.code == 0, done.err
    assert not (levada.home / "volumes" / "one-kfp-workspace").exists()
    assert "without effect" not in done.err


def test_after_a_failure_it_stays_and_a_rerun_fills_one_of_its_own(levada, pipeline):
    assert levada.run(pipeline, "--name", "one").code == 1
    assert (levada.home / "volumes" / "one-kfp-workspace" / "note").read_text() == "shared\n"
    again = levada("rerun", "one", "--local", "-o", "json", "-p", "broken=no", "--name", "two")
    assert again.code == 0, again.err
    assert again.tasks["write"]["phase"] == "Succeeded"


def test_containers_find_it_where_they_do_in_a_cluster(levada, pipeline, calls):
    levada.run(pipeline, "--name", "one", "--runner", "podman")
    run = next(call for call in calls() if call.startswith("run "))
    assert f"--volume {levada.home}/volumes/one-kfp-workspace:/kfp-workspace" in run
    assert "/kfp-workspace/note" in run
