"""Further attempts: which failures earn one, when it comes, and with how much memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from levada.graph.policies import MoreMemory, Retry
from levada.graph.quantities import bytes_of, quantity_of
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from unit.planner.graphs import graph, task
from unit.planner.simulation import play

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEMORY = {"limits": {"memory": "100Mi"}, "requests": {"memory": "50Mi", "cpu": "1"}}


def run_of(retry, **more):
    return Run(graph(replace(task("a"), retry=retry, **more)), {})


def attempts(retry, *failures):
    """How many attempts there are when they fail like this, and then succeed."""
    run = run_of(retry)
    rest = list(failures)
    return len(play(run, lambda *_: rest.pop(0) if rest else Success({"n": 1}))), run.leaves["a"].phase


ERROR = Failure(reasons.ERROR, "exited", 1)
BUSY = Failure(reasons.ERROR, "exited", 75)
OOM = Failure(reasons.OOM_KILLED, "too much", 137)
DRAINED = Failure(reasons.DISRUPTED, "drained")


@pytest.mark.parametrize(
    ("retry", "failures", "expected"),
    [
        (Retry(), [ERROR], (1, Phase.FAILED)),
        (Retry(limit=2), [ERROR, ERROR], (3, Phase.SUCCEEDED)),
        (Retry(limit=2), [ERROR] * 3, (3, Phase.FAILED)),
        (Retry(limit=2, reasons=frozenset({"OOMKilled"})), [ERROR], (1, Phase.FAILED)),
        (Retry(limit=2, reasons=frozenset({"OOMKilled"})), [OOM], (2, Phase.SUCCEEDED)),
        (Retry(limit=2, exit_codes=frozenset({75})), [BUSY, ERROR], (2, Phase.FAILED)),
        (Retry(limit=2, exit_codes=frozenset({75})), [BUSY, OOM], (3, Phase.SUCCEEDED)),
        (Retry(limit=9), [Failure(reasons.INVALID_OUTPUT, "no number", 0)], (1, Phase.FAILED)),
        (Retry(limit=1), [DRAINED, ERROR, DRAINED], (4, Phase.SUCCEEDED)),
        (Retry(limit=9, infra_limit=1), [DRAINED, DRAINED], (2, Phase.FAILED)),
        (Retry(infra_limit=7), [DRAINED] * 7, (8, Phase.SUCCEEDED)),
        (Retry(infra_limit=7), [Failure(reasons.OUTPUTS_LOST, "late")] * 2, (2, Phase.FAILED)),
    ],
)
def test_each_failure_is_tried_again_out_of_its_own_budget(retry, failures, expected):
    assert attempts(retry, *failures) == expected


def waits(path="a", count=4):
    run = Run(graph(replace(task(path), retry=Retry(limit=count, first=10, factor=3, longest=200))), {})
    now, found = NOW, []
    for attempt in range(count):
        run.mark_recorded(run.version)
        run.plan(now)
        run.observe(path, attempt, ERROR, now)
        at = run.plan(now).wake
        found.append((at - now).total_seconds())
        now = at
    return found


def test_waits_grow_up_to_the_longest_and_differ_a_little_the_same_way_every_time():
    found = waits()
    assert all(0.8 * full < wait <= full for wait, full in zip(found, [10, 30, 90, 200], strict=True))
    assert found == waits()
    assert found != waits("b")


def test_the_next_attempt_comes_only_after_the_failure_was_recorded():
    run = run_of(Retry(limit=1, first=0))
    run.plan(NOW)
    run.observe("a", 0, ERROR, NOW)
    plan = run.plan(NOW)
    assert (plan.starts, plan.flush) == ([], True)
    run.mark_recorded(run.version)
    assert [start.attempt for start in run.plan(NOW).starts] == [1]


def test_a_task_gets_more_memory_after_each_attempt_that_ran_out_of_it_and_never_more_than_the_most():
    run = run_of(Retry(limit=4, first=0, memory=MoreMemory(2, bytes_of("300Mi"))), pod={"resources": MEMORY})
    seen = []
    for attempt, failure in enumerate([ERROR, OOM, OOM, OOM]):
        run.mark_recorded(run.version)
        (start,) = run.plan(NOW).starts
        seen.append({kind: bytes_of(item["memory"]) >> 20 for kind, item in start.template["resources"].items()})
        assert start.template["resources"]["requests"]["cpu"] == "1"
        run.observe("a", attempt, failure, NOW)
    assert [item["limits"] for item in seen] == [100, 100, 200, 300]
    assert [item["requests"] for item in seen] == [50, 50, 100, 200]


def test_budgets_waits_and_memory_survive_a_restart():
    retry = Retry(limit=2, memory=MoreMemory(2, bytes_of("1Gi")))
    before = run_of(retry, pod={"resources": MEMORY})
    before.plan(NOW)
    before.observe("a", 0, OOM, NOW)
    due = before.plan(NOW).wake
    (row,) = decode_rows(encode_rows([row_of(before.leaves["a"], None)]))
    after = run_of(retry, pod={"resources": MEMORY})
    after.restore("a", node_of(row, after.leaves["a"], {}), NOW)
    after.mark_recorded(after.version)
    plan = after.plan(NOW)
    assert (plan.starts, plan.wake) == ([], due)
    (start,) = after.plan(due + timedelta(seconds=1)).starts
    assert start.template["resources"]["limits"]["memory"] == "200Mi"
    after.observe("a", 1, OOM, NOW)
    assert after.leaves["a"].attempt == 2
    after.observe("a", 2, OOM, NOW)
    assert after.leaves["a"].phase is Phase.FAILED


@pytest.mark.parametrize(
    ("text", "size"), [("1Gi", 1 << 30), ("500M", 500_000_000), ("1e3", 1000), ("1.5Ki", 1536), (7, 7), ("100m", 1)]
)
def test_quantities_are_read_as_kubernetes_reads_them(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["300Mi", "1Gi", "1023", "0", "3Ki"])
def test_an_amount_reads_as_it_was_written(text):
    assert quantity_of(bytes_of(text)) == text
