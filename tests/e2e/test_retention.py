"""What stays after runs and what goes: runs by time and by number, Pods by policy, artifacts with their run."""

import pytest

from e2e.runs import container, kind, pipeline

NUMBER = {"outputs": [{"name": "n", "type": "Integer"}]}
SEVEN = container('printf 7 > "$1"', {"outputPath": "n"}, **NUMBER)
FAILS = container("exit 3")
MAKES = container('echo data > "$1"', {"outputPath": "model"}, outputs=[{"name": "model", "type": "Model"}])
READS = container(
    'cat "$1"; echo 1 > "$2"', {"inputPath": "model"}, {"outputPath": "n"},
    inputs=[{"name": "model", "type": "Model"}], **NUMBER,
)  # fmt: skip
# Two lease times, a look at Pods and two passes over the store are well within it.
PATIENCE = 120


@pytest.fixture
def is_there(kubectl, namespace):
    def look(name, what="pipelinerun"):
        return bool(kubectl("get", what, name, "-n", namespace, "--ignore-not-found"))

    return look


@pytest.fixture
def gone(is_there, wait_for):
    return lambda name: wait_for(lambda: not is_there(name), f"run {name} is deleted", PATIENCE)


@pytest.fixture
def folder(bucket, namespace):
    """`folder(uid)`: the names of the objects that the store holds of a run."""

    def look(uid):
        pages = bucket.list(f"{namespace}/{uid}")
        return [meta["path"] for page in pages for meta in page]

    return look


def metadata(name, **more):
    return {"name": name, **more}


def tasks_of(name, tasks, *, marks=None, **spec):
    """A run with an inline pipeline."""
    return kind("PipelineRun", metadata(name, **(marks or {})), {"pipelineSpec": pipeline(tasks), **spec})


def events(kubectl, namespace, reason):
    found = kubectl.json("get", "events", "-n", namespace, f"--field-selector=reason={reason}")["items"]
    return [event["involvedObject"]["name"] for event in found]


@pytest.mark.fault("a run that was deleted after its time is applied again", seen="it runs anew, as another run")
def test_a_finished_run_is_deleted_after_its_time_with_its_pods_and_runs_anew_when_it_is_applied_again(
    runs, kubectl, namespace, is_there, gone
):
    short = tasks_of("short", {"one": SEVEN}, ttlAfterFinished="5s")
    runs.apply(short, tasks_of("long", {"one": SEVEN}, ttlAfterFinished="1h"), tasks_of("plain", {"one": SEVEN}))
    runs.succeed("short")
    first = runs.get("short")["metadata"]["uid"]
    gone("short")
    runs.wait_gone("short")
    runs.apply(short)
    status, _ = runs.succeed("short")
    assert runs.get("short")["metadata"]["uid"] != first
    assert status["counts"]["succeeded"] == 1
    assert is_there("long")
    assert is_there("plain")


def test_of_a_pipelines_runs_the_newest_stay_by_how_they_ended(runs, is_there, gone):
    runs.apply(
        kind("Pipeline", "limited", pipeline({"one": SEVEN}) | {"historyLimit": {"successful": 1, "failed": 0}}),
        kind("Pipeline", "free", pipeline({"one": SEVEN})),
    )
    for name in ("first", "second", "third"):
        runs.apply(kind("PipelineRun", name, {"pipelineRef": {"name": "limited"}}))
        runs.succeed(name)
    runs.apply(
        kind("PipelineRun", "other", {"pipelineRef": {"name": "free"}}),
        kind("PipelineRun", "stopped", {"pipelineRef": {"name": "limited"}, "cancel": True}),
    )
    runs.succeed("other")
    for name in ("first", "second", "stopped"):
        gone(name)
    assert is_there("third")
    assert is_there("other")


def test_pods_go_by_policy_and_the_run_and_its_results_stay(runs, wait_for):
    tasks = {"good": SEVEN, "bad": FAILS}
    for name, policy in (("successful", "OnSuccess"), ("all", "OnCompletion"), ("none", "Never")):
        runs.apply(tasks_of(name, tasks, podCleanup=policy))
    for name in ("successful", "all", "none"):
        runs.end(name)

    def left(run):
        return {pod["metadata"]["annotations"]["levada.dev/task"] for pod in runs.pods(run)}

    wait_for(lambda: not left("all"), "all Pods go", PATIENCE)
    wait_for(lambda: left("successful") == {"bad"}, "Pods of tasks that succeeded go", PATIENCE)
    assert left("none") == {"good", "bad"}
    _, tasks = runs.end("all")
    assert tasks["good"]["outputs"] == {"n": 7}
    assert tasks["bad"]["exitCode"] == 3


def test_pods_of_a_run_that_goes_on_go_too_and_nothing_runs_twice(runs, kubectl, wait_for):
    waits = container("until test -e /tmp/open; do sleep 0.2; done")
    runs.apply(tasks_of("going-on", {"quick": SEVEN, "slow": waits}, podCleanup="OnCompletion"))
    runs.until("going-on", lambda status: status.get("counts", {}).get("succeeded") == 1, "the quick task ends")
    quick = runs.pod_of("going-on", "quick")
    wait_for(lambda: quick not in [pod["metadata"]["name"] for pod in runs.pods("going-on")], "its Pod goes", PATIENCE)
    slow = runs.pod_of("going-on", "slow")
    kubectl("exec", "-n", runs.namespace, slow, "-c", "main", "--", "touch", "/tmp/open")
    runs.succeed("going-on")
    assert runs.starts()[quick] == 1


def test_artifacts_of_a_deleted_run_are_swept_where_it_wished_that_and_nobody_refers_to_them(
    runs, store, folder, wait_for, gone
):
    for name, policy in (("swept", "Delete"), ("referred", "Delete"), ("kept", "Keep")):
        runs.apply(tasks_of(name, {"make": MAKES}, artifactPolicy=policy))
    made = {name: runs.succeed(name)[1]["make"]["outputs"]["model"] for name in ("swept", "referred", "kept")}
    uids = {name: runs.get(name)["metadata"]["uid"] for name in made}
    assert all(folder(uid) for uid in uids.values())
    runs.apply(tasks_of("reader", {"read": READS | {"inputs": {"model": {"uri": made["referred"]["uri"]}}}}))
    runs.succeed("reader")
    for name in made:
        runs.delete(name)
    wait_for(lambda: not folder(uids["swept"]), "what nobody needs is swept", PATIENCE)
    assert folder(uids["referred"])
    assert folder(uids["kept"])
    runs.delete("reader")
    wait_for(lambda: not folder(uids["referred"]), "what nobody needs any more is swept", PATIENCE)
    assert folder(uids["kept"])


@pytest.mark.fault(
    "a run with `artifactPolicy: Delete` is deleted while the operator is away",
    seen="its artifacts are swept once it is back",
)
def test_a_run_deleted_while_the_operator_is_away_has_its_artifacts_swept(runs, store, folder, operator, wait_for):
    runs.apply(tasks_of("orphaned", {"make": MAKES}, artifactPolicy="Delete"), tasks_of("other", {"one": SEVEN}))
    runs.succeed("orphaned")
    runs.succeed("other")
    runs.wait_released("orphaned")
    uid = runs.get("orphaned")["metadata"]["uid"]
    operator.scale(0)
    try:
        runs.delete("orphaned")
        runs.wait_gone("orphaned")
        assert folder(uid)
    finally:
        operator.scale(1)
    wait_for(lambda: not folder(uid), "its artifacts are swept", PATIENCE)


def test_a_run_that_git_would_apply_again_stays_without_pods_and_artifacts_and_is_told_of_once(
    runs, store, folder, kubectl, namespace, operator, is_there, wait_for
):
    marks = {"annotations": {"argocd.argoproj.io/tracking-id": f"app:levada.dev/PipelineRun:{namespace}/from-git"}}
    runs.apply(tasks_of("from-git", {"make": MAKES}, marks=marks, ttlAfterFinished="1s", artifactPolicy="Delete"))
    runs.succeed("from-git")
    uid = runs.get("from-git")["metadata"]["uid"]
    runs.wait_gone("from-git")
    wait_for(lambda: not folder(uid), "its artifacts are swept", PATIENCE)
    operator.kill()
    operator.ready()
    runs.apply(tasks_of("later", {"one": SEVEN}, ttlAfterFinished="1s", marks=marks))  # handled after the first anew
    runs.succeed("later")
    wait_for(lambda: "later" in events(kubectl, namespace, "KeptForGitOps"), "the next one is told of", PATIENCE)
    assert events(kubectl, namespace, "KeptForGitOps").count("from-git") == 1
    assert is_there("from-git")
    assert runs.get("from-git")["metadata"]["uid"] == uid
    assert runs.get("from-git")["status"]["phase"] == "Succeeded"
