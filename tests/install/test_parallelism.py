"""The installation's limit of attempts: it holds, and a small run beside a large one has its turn."""

from e2e.runs import Runs, container
from install.tasks import gated


def test_all_runs_together_stay_within_the_limit_and_the_small_one_is_not_starved(
    release, runs, kubectl, new_namespace, gates
):
    release.settle("parallelism=2")
    release.led()
    runs.start("large", {f"t{number:02}": gated() for number in range(12)})
    runs.running("large")
    runs.until("large", lambda status: status["counts"]["running"] == 2, "it takes all the room")
    elsewhere = Runs(kubectl, new_namespace("small"))
    elsewhere.start("small", {name: container("true") for name in "abc"})
    elsewhere.until("small", lambda status: status.get("counts", {}).get("pending") == 3, "it waits for room")
    assert len(runs.pods("large")) == 2
    first = runs.pods("large")[0]["metadata"]["annotations"]["levada.dev/task"]
    gates.open(runs, "large", first)
    elsewhere.succeed("small")
    # Of the three, one after the other, none left its place to the large run; that has it now.
    runs.until("large", lambda status: status["counts"]["running"] == 2, "the place goes back")
    assert runs.get("large")["status"]["counts"]["succeeded"] == 1
    kubectl("patch", "pipelineruns.levada.dev", "large", "-n", runs.namespace, "--type=merge",
            "-p", '{"spec": {"cancel": true}}')  # fmt: skip
    runs.end("large")
