"""The agent beside a task: what it is allowed, what it refuses, and how its own trouble shows."""

import pytest

from e2e.runs import container

MODEL = [{"name": "model", "type": "Model"}]
RESTRICTED = {"podSecurity": "restricted"}
SECRETIVE = 'umask 077; mkdir "$1"; echo weights > "$1/weights"; test "$(stat -c %a "$1/weights")" = 600; id -u'


def reader(user):
    script = f'test "$(id -u)" = {user}; test "$(cat "$1/weights")" = weights; ! touch "$1/weights"'
    task = container(script, {"inputPath": "model"}, inputs=[{"name": "model", "type": "Model"}])
    return task | {"inputs": {"model": {"task": "write", "output": "model"}}}


@pytest.fixture(scope="module", autouse=True)
def unreachable(new_namespace, give_store, runs_in):
    """A run whose store answers nobody, begun before the other tests here: its agent is patient for a minute."""
    namespace = new_namespace("unreachable-store")
    give_store(namespace, endpoint="http://127.0.0.1:9")
    runs = runs_in(namespace)
    runs.start("away", {"write": container('echo 1 > "$1"', {"outputPath": "model"}, outputs=MODEL)})
    return runs


def test_private_files_of_another_user_reach_the_next_task(runs, store):
    as_1000 = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-ec", SECRETIVE, "sh"]
    write = container("", {"outputPath": "model"}, outputs=MODEL, container={"command": as_1000})
    runs.start("private", {"write": write, "read": reader(0)})
    runs.succeed("private")


def test_private_files_reach_the_next_task_in_the_restricted_profile(give_store, new_namespace, runs_in):
    namespace = new_namespace("restricted", **{"pod-security.kubernetes.io/enforce": "restricted"})
    give_store(namespace)
    runs = runs_in(namespace)
    write = container(SECRETIVE, {"outputPath": "model"}, outputs=MODEL)
    runs.start("private", {"write": write, "read": reader(65532)}, podTemplate=RESTRICTED)
    runs.succeed("private")
    runs.check_invariants()


def test_an_output_that_may_not_be_read_is_named_as_such(runs, store):
    locked = container('echo secret > "$1"; chmod 000 "$1"', {"outputPath": "model"}, outputs=MODEL)
    runs.start("locked", {"task": locked}, podTemplate=RESTRICTED)
    _, tasks = runs.end("locked")
    assert tasks["task"]["reason"] == "OutputUnreadable"
    assert "umask" in tasks["task"]["message"]
    assert tasks["task"]["attempts"] == 1


@pytest.mark.fault("an upload takes longer than its grace", seen="`OutputsLost`, which names `outputGracePeriod`")
def test_an_upload_that_outlives_its_grace_names_the_cure(runs, store):
    large = container('truncate -s 3G "$1"', {"outputPath": "model"}, outputs=MODEL, outputGracePeriod="1s")
    runs.start("hasty", {"task": large})
    _, tasks = runs.end("hasty")
    assert tasks["task"]["reason"] == "OutputsLost"
    assert "outputGracePeriod" in tasks["task"]["message"]
    assert tasks["task"]["attempts"] == 2  # once more, in case the store was slow; not again and again


@pytest.mark.fault("the store refuses the credentials", seen="`StoreDenied` before the task's work begins")
def test_credentials_that_the_store_refuses_are_seen_before_the_task_runs(give_store, namespace, runs):
    give_store(namespace, secretAccessKey="not-the-secret")
    runs.start("denied", {"task": container('echo 1 > "$1"', {"outputPath": "model"}, outputs=MODEL)})
    _, tasks = runs.end("denied")
    assert tasks["task"]["reason"] == "StoreDenied"
    assert "credentials" in tasks["task"]["message"]
    assert tasks["task"]["attempts"] == 3
    assert not runs.starts()
    assert "not-the-secret" not in str(runs.get("denied"))


@pytest.mark.fault("a namespace gets another store during a run", seen="`StoreChanged`")
def test_a_store_that_moves_during_a_run_is_named_as_the_cause(give_store, runs, store, namespace):
    first = container('sleep 4; echo 1 > "$1"', {"outputPath": "model"}, outputs=MODEL)
    second = container("true", {"inputPath": "model"}, inputs=[{"name": "model", "type": "Model"}])
    runs.start(
        "moved", {"first": first, "second": second | {"inputs": {"model": {"task": "first", "output": "model"}}}}
    )
    runs.running("moved")
    give_store(namespace, url="s3://levada/elsewhere")
    _, tasks = runs.end("moved")
    assert tasks["first"]["phase"] == "Succeeded"
    assert tasks["second"]["reason"] == "StoreChanged"
    assert "s3://levada/elsewhere" in tasks["second"]["message"]


def test_settings_of_a_store_that_make_no_sense_are_named(give_store, namespace, runs):
    runs.excuse("I7", "what cannot be built counts as an attempt, though there is no Pod")
    give_store(namespace, ulr="s3://levada")
    runs.start("misspelt", {"task": container('echo 1 > "$1"', {"outputPath": "model"}, outputs=MODEL)})
    _, tasks = runs.end("misspelt")
    assert tasks["task"]["reason"] == "StoreMisconfigured"
    assert "'url'" in tasks["task"]["message"]


def test_without_a_store_the_task_says_what_is_missing(runs):
    task = container('echo hi > "$1"', {"outputPath": "text"}, outputs=[{"name": "text", "type": "String"}])
    runs.start("storeless", {"task": task})
    _, tasks = runs.end("storeless")
    assert tasks["task"]["reason"] == "NoStore"
    assert "levada-store" in tasks["task"]["message"]


@pytest.mark.fault("the store does not answer", seen="`StoreUnavailable`; no retry is spent, no work is done in vain")
def test_a_store_that_does_not_answer_costs_attempts_of_its_own_and_no_work(unreachable):
    def failed(status):
        return "StoreUnavailable" in str(status.get("tasks"))

    status = unreachable.until("away", failed, "the first attempt is given up", 240)
    assert status["phase"] == "Running"
    assert not unreachable.starts()
    unreachable.delete("away")
    unreachable.wait_gone("away")
