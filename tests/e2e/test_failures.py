"""What happens when tasks, Pods and the operator itself come to harm."""

from e2e.conftest import container


def test_a_failure_leaves_the_other_branch_alone_and_shows_why(runs):
    tasks = {
        "bad": container("echo the last line; exit 3"),
        "needs-bad": container("true") | {"after": [{"task": "bad", "require": "Succeeded"}]},
        "after-bad": container("true") | {"after": ["bad"]},
        "good": container("true"),
        "after-good": container("true") | {"after": ["good"]},
    }
    runs.start("branches", tasks)
    status, tasks = runs.end("branches")
    assert {path: task["phase"] for path, task in tasks.items()} == {
        "bad": "Failed",
        "needs-bad": "Skipped",
        "after-bad": "Succeeded",
        "good": "Succeeded",
        "after-good": "Succeeded",
    }
    assert (tasks["bad"]["exitCode"], tasks["bad"]["logTail"]) == (3, "the last line\n")
    succeeded = next(item for item in status["conditions"] if item["type"] == "Succeeded")
    assert (succeeded["status"], succeeded["reason"]) == ("False", "TaskFailed")
    assert "bad" in succeeded["message"]


def test_a_component_can_keep_its_log_to_itself(runs):
    runs.start("quiet", {"bad": container("echo a secret; exit 1", logTail=False)})
    status, _ = runs.end("quiet")
    assert "a secret" not in str(status)


def test_a_mistake_ends_the_run_at_once_and_every_mistake_is_named(runs):
    adder = container("true", {"inputValue": "a"}, inputs=[{"name": "a", "type": "Integer"}])
    tasks = {
        "one": adder | {"inputs": {"a": {"value": "many"}}},
        "two": adder | {"inputs": {"a": {"task": "onee", "output": "sum"}}},
        "three": adder | {"after": ["three"]},
    }
    runs.start("mistakes", tasks)
    status, _ = runs.end("mistakes", 30)
    succeeded = next(item for item in status["conditions"] if item["type"] == "Succeeded")
    assert succeeded["reason"] == "InvalidSpec"
    for sign in ("expected an Integer", 'did you mean "one"', "three"):
        assert sign in succeeded["message"].replace("'", '"')
    assert runs.pods("mistakes") == []


def test_references_may_come_last(runs, kubectl, namespace):
    runs._made.append("early")
    spec = {"pipelineRef": {"name": "later"}}
    run = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "metadata": {"name": "early"}, "spec": spec}
    kubectl.apply(run, namespace=namespace)

    def waits(status):
        return any(item["reason"] == "WaitingForReference" for item in status.get("conditions", []))

    waiting = runs.until("early", waits, "waits for its pipeline")
    assert waiting["status"]["phase"] == "Pending"
    pipeline = {"tasks": [{"name": "only", "componentRef": {"name": "last"}}]}
    kubectl.apply({**run, "kind": "Pipeline", "metadata": {"name": "later"}, "spec": pipeline}, namespace=namespace)
    component = container("true")["componentSpec"]
    kubectl.apply({**run, "kind": "Component", "metadata": {"name": "last"}, "spec": component}, namespace=namespace)
    status, _ = runs.end("early")
    assert status["phase"] == "Succeeded"


def test_a_reference_that_never_comes_fails_the_run(runs, kubectl, namespace):
    spec = {"pipelineRef": {"name": "never"}, "waitForReferences": "1s"}
    run = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "metadata": {"name": "lonely"}, "spec": spec}
    kubectl.apply(run, namespace=namespace)
    status, _ = runs.end("lonely", 40)
    assert "Pipeline/never" in str(status["conditions"])


def test_an_image_that_is_not_there_is_hinted_at_and_given_up(runs):
    missing = container("true", container={"image": "localhost/no-such-image:1"})
    runs.start("no-image", {"task": missing}, pendingTimeout="8s")

    def hinted(status):
        return "image cannot be pulled" in str(status.get("tasks"))

    runs.until("no-image", hinted, "the hint at the image")
    _, tasks = runs.end("no-image", 90)
    assert tasks["task"]["reason"] == "PendingTimeout"
    assert "image" in tasks["task"]["message"]


def test_out_of_memory_is_called_by_its_name(runs):
    hungry = container(
        "exec python3 -c 'bytearray(200_000_000)'", container={"resources": {"limits": {"memory": "50Mi"}}}
    )
    runs.start("hungry", {"task": hungry})
    _, tasks = runs.end("hungry")
    assert tasks["task"]["reason"] == "OOMKilled"


def test_a_deleted_pod_costs_the_user_nothing(runs, kubectl, namespace):
    script = 'if [ "$LEVADA_ATTEMPT" = 0 ]; then exec sleep 600; fi; echo 7 > "$1"'
    task = container(script, {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}])
    runs.start("bereft", {"task": task}, outputs={"n": {"task": "task", "output": "n"}})
    runs.until("bereft", lambda status: status.get("counts", {}).get("running"), "its task runs")
    (pod,) = runs.pods("bereft")
    kubectl("delete", "pod", pod["metadata"]["name"], "-n", namespace, "--wait=false", "--grace-period=1")
    status, tasks = runs.end("bereft", 120)
    assert (status["phase"], status["outputs"]) == ("Succeeded", {"n": 7})
    assert tasks["task"]["attempts"] == 2


def test_the_operator_killed_in_the_middle_runs_nothing_twice(runs, operator):
    tasks = {"t0": container("sleep 1")}
    tasks |= {f"t{i}": container("sleep 1") | {"after": [f"t{i - 1}"]} for i in range(1, 5)}
    runs.start("survivor", tasks)
    for done in (1, 2):
        runs.until("survivor", lambda status, n=done: status.get("counts", {}).get("succeeded", 0) >= n, f"{done} done")
        operator.kill()
    status, tasks = runs.end("survivor", 180)
    assert status["phase"] == "Succeeded"
    assert {task["attempts"] for task in tasks.values()} == {1}
    assert len(runs.pods("survivor")) == len(tasks)


def test_a_run_deleted_in_the_middle_leaves_no_pod(runs, operator, kubectl, namespace, wait_for):
    runs.start("unwanted", {"long": container("exec sleep 600")})
    runs.until("unwanted", lambda status: status.get("counts", {}).get("running"), "its task runs")
    kubectl("delete", "pipelinerun.levada.dev", "unwanted", "-n", namespace)
    wait_for(lambda: not runs.pods("unwanted"), "the Pods to go", 90)


def test_a_run_deleted_while_the_operator_is_away_is_cleaned_up_once_it_is_back(
    runs, operator, kubectl, namespace, wait_for
):
    runs.start("unwanted", {"long": container("exec sleep 600")})
    runs.until("unwanted", lambda status: status.get("counts", {}).get("running"), "its task runs")
    operator.scale(0)
    try:
        kubectl("delete", "pipelinerun.levada.dev", "unwanted", "-n", namespace)
    finally:
        operator.scale(1)
    wait_for(lambda: not runs.pods("unwanted"), "the Pods to go", 90)


def test_a_run_restored_from_a_backup_runs_nothing(runs, kubectl, namespace):
    metadata = {"name": "restored", "annotations": {"levada.dev/started-uid": "another-uid"}}
    spec = {"pipelineSpec": {"tasks": [{"name": "task", **container("true")}]}}
    run = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "metadata": metadata, "spec": spec}
    kubectl.apply(run, namespace=namespace)
    status, _ = runs.end("restored")
    stalled = next(item for item in status["conditions"] if item["type"] == "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "Restored")
    assert runs.pods("restored") == []


def test_quota_holds_a_task_back_until_there_is_room(runs, kubectl, namespace):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    kubectl.apply(quota, namespace=namespace)
    kubectl("wait", "resourcequota/none", "-n", namespace, "--for=jsonpath={.status.hard.pods}=0", "--timeout=30s")
    runs.start("patient", {"task": container("true")})
    runs.until("patient", lambda status: "QuotaExceeded" in str(status.get("tasks")), "the hint at the quota")
    kubectl("delete", "resourcequota", "none", "-n", namespace)
    status, _ = runs.end("patient")
    assert status["phase"] == "Succeeded"
