"""`levada cancel`, `suspend` and `resume` on a real cluster."""

from e2e.runs import FOREVER, container
from e2e.test_command_line import levada  # noqa: F401  # a fixture


def test_a_run_is_suspended_resumed_and_cancelled(levada, runs, kubectl, namespace):  # noqa: F811  # a fixture
    first = container("while ! test -e /tmp/go; do sleep 0.2; done")
    runs.start("steered", {"first": first, "second": container(FOREVER) | {"after": ["first"]}})
    runs.running("steered")
    pod = runs.pod_of("steered", "first")
    assert levada("suspend", "steered")[0] == "run steered: no further task starts\n"
    kubectl("exec", "-n", namespace, pod, "-c", "main", "--", "touch", "/tmp/go")
    out, _ = levada("suspend", "steered", "--wait")
    assert out.splitlines() == ["run steered: is suspended already", "run steered: Suspended"]
    out, _ = levada("resume", "steered", "--wait")
    assert out.splitlines()[-1] == "run steered: Running"
    runs.until("steered", lambda status: status["counts"]["running"] == 1, "the second task runs")
    out, _ = levada("cancel", "steered", "--wait")
    assert out.splitlines()[-1] == "run steered: Cancelled"
    _, err = levada("resume", "steered", code=2)
    assert "is over, it is Cancelled" in err
    _, err = levada("cancel", "steerd", code=2)
    assert "did you mean 'steered'?" in err
