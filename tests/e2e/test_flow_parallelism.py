"""How many attempts of one run are under way at once."""

from datetime import datetime

from e2e.runs import container


def moments(pod):
    """When the main container of a Pod started and ended, as the kubelet says."""
    (main,) = [status for status in pod["status"]["containerStatuses"] if status["name"] == "main"]
    ended = main["state"]["terminated"]
    return datetime.fromisoformat(ended["startedAt"]), datetime.fromisoformat(ended["finishedAt"])


def most_at_once(spans):
    """The largest number of spans that overlap; one that ends in the second in which another starts does not."""
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


def test_a_run_never_has_more_attempts_under_way_than_its_parallelism(runs):
    runs.start("few", {f"t{number}": container("sleep 5") for number in range(6)}, parallelism=2)
    status, _ = runs.succeed("few")
    assert status["counts"]["succeeded"] == 6
    spans = [moments(pod) for pod in runs.pods("few")]
    assert len(spans) == 6
    assert most_at_once(spans) == 2
