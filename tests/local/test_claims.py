"""Compiled pipelines that make claims, mount them and remove them, without a cluster."""

import json

import pytest

from unit.frontend.kfp.documents import LIST, TEXT, compiled, component, constant, output_of, parameters, task

CREATE = component(
    {"parameters": {"access_modes": LIST, "size": TEXT, "pvc_name": TEXT}}, {"parameters": {"name": TEXT}}, "create"
)
DELETE = component({"parameters": {"pvc_name": TEXT}}, label="delete")
WANTED = {"access_modes": constant(["ReadWriteOnce"]), "size": constant("1Gi"), "pvc_name": constant("data")}


def shell(command):
    return {"container": {"image": "tool:1", "command": ["sh", "-c", command]}}


@pytest.fixture
def pipeline(levada):
    """The file of a pipeline that makes a claim, mounts it in a task, and then does the rest."""

    def write(mounted="true", **rest):
        tasks = {
            "make": task("create", **parameters(**WANTED)),
            "use": task("use", "make"),
            **rest,
        }
        executors = {
            "create": {"container": {"image": "argostub/createpvc"}},
            "delete": {"container": {"image": "argostub/deletepvc"}},
            "use": shell(mounted),
        }
        text = compiled(tasks, {"create": CREATE, "delete": DELETE, "use": component(label="use")}, executors)
        name = {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "name"}}
        mount = {"mountPath": "/data", "pvcNameParameter": name}
        platform = {"deploymentSpec": {"executors": {"use": {"pvcMount": [mount]}}}}
        path = levada.folder / "claims.yaml"
        path.write_text(f"{text}\n---\n{json.dumps({'platforms': {'kubernetes': platform}})}\n")
        return path

    return write


def removal(after):
    return task("delete", after, **parameters(pvc_name=output_of("make", "name")))


def test_a_claim_is_a_folder_that_outlives_its_run(levada, pipeline):
    done = levada.run(pipeline(), "--name", "one")
    assert done.code == 0, done.err
    assert done.tasks["make"]["outputs"] == {"name": "data"}
    assert (levada.home / "volumes" / "data").is_dir()
    [line] = [line for line in done.err.splitlines() if "without effect here" in line]
    assert "volumeMounts" in line


def test_a_claim_of_another_run_is_in_the_way(levada, pipeline):
    levada.run(pipeline(), "--name", "one")
    done = levada.run(pipeline(), "--name", "two")
    assert done.code == 1
    assert done.tasks["make"]["reason"] == "NameTaken"


def test_a_removed_claim_is_gone_and_cannot_be_removed_again(levada, pipeline):
    done = levada.run(pipeline(first=removal("use"), second=removal("first")), "--name", "one")
    assert done.code == 1
    assert done.tasks["first"]["phase"] == "Succeeded"
    assert done.tasks["second"]["reason"] == "ClaimMissing"
    assert not (levada.home / "volumes" / "data").exists()


def test_a_container_is_given_the_folder_of_its_claim(levada, pipeline, calls):
    done = levada.run(pipeline(), "--name", "one", "--runner", "podman")
    assert done.code == 0, done.err
    [run] = [call for call in calls() if call.startswith("run ")]
    assert f"--volume {levada.home}/volumes/data:/data" in run
    assert "without effect" not in done.err


def test_what_is_done_to_claims_is_forecast_for_each_run(levada, pipeline):
    levada.run(pipeline(), "--name", "one")
    tasks = json.loads(levada("plan", pipeline(), "--local", "-o", "json").out)["tasks"]
    [made] = [task for task in tasks if task["path"] == "make"]
    assert (made["action"], made["reason"]) == ("Run", "it is done in each run")
