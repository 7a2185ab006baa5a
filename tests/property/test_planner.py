"""On random graphs every task starts only after its inputs are ready, as soon as they are, and once."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from levada.graph.model import After
from levada.graph.policies import Retry
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def random_edges(draw):
    count = draw(st.integers(1, 12))
    edges = {}
    for index in range(count):
        earlier = [f"t{before}" for before in range(index)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        after = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        edges[f"t{index}"] = (tuple(needs), tuple(after))
    return edges


def expected_phase(name, edges, failing, known):
    """An oracle of another design: recursion over names instead of counters over nodes."""
    if name not in known:
        needs, _ = edges[name]
        upstream = [expected_phase(need, edges, failing, known) for need in needs]
        if any(phase != Phase.SUCCEEDED for phase in upstream):
            known[name] = Phase.SKIPPED
        else:
            known[name] = Phase.FAILED if name in failing else Phase.SUCCEEDED
    return known[name]


@given(random_edges(), st.sets(st.integers(0, 11)), st.randoms(use_true_random=False))
def test_tasks_start_when_ready_and_once(edges, failing_indices, order):
    failing = {f"t{index}" for index in failing_indices}
    tasks = [task(name, needs=needs, after=tuple(After(a) for a in after)) for name, (needs, after) in edges.items()]
    run = Run(graph(*tasks), {})
    started, running = set(), []
    while not run.is_final:
        for start in run.plan(NOW).starts:
            assert start.leaf.path not in started
            started.add(start.leaf.path)
            running.append(start.leaf.path)
        for name, (needs, after) in edges.items():
            ready = all(run.leaves[need].phase is Phase.SUCCEEDED for need in needs)
            ready = ready and all(run.leaves[before].phase.is_final for before in after)
            assert (name in started) == ready
        assert running, "nothing runs and the run is not over"
        ended = running.pop(order.randrange(len(running)))
        outcome = Failure(reasons.ERROR, "broke", 1) if ended in failing else Success({"n": 1})
        run.observe(ended, 0, outcome, NOW)
    known = {}
    assert {name: leaf.phase for name, leaf in run.leaves.items()} == {
        name: expected_phase(name, edges, failing, known) for name in edges
    }
    assert run.counts.total() == len(edges)


@given(random_edges(), st.integers(0, 12), st.booleans(), st.randoms(use_true_random=False))
def test_a_cancelled_run_ends_once_what_runs_is_dead_and_starts_nothing(edges, ended_before, suspended, order):
    tasks = [task(name, needs=needs, after=tuple(After(a) for a in after)) for name, (needs, after) in edges.items()]
    run = Run(graph(*tasks), {})
    running, ended = [], []
    for _ in range(ended_before):
        running += [start.leaf.path for start in run.plan(NOW).starts]
        if running:
            ended.append(running.pop(order.randrange(len(running))))
            run.observe(ended[-1], 0, Success({"n": 1}), NOW)
    run.steer(NOW, suspend=suspended, cancel=True)
    assert run.is_final == (not running)
    assert {leaf.path for leaf in run.plan(NOW).stops} == set(running)
    for path in running:
        assert run.plan(NOW).starts == []
        run.observe(path, 0, Running(NOW), NOW, dead=True)
    assert run.root.phase is (Phase.SUCCEEDED if len(ended) == len(edges) else Phase.CANCELLED)
    assert {name for name, leaf in run.leaves.items() if leaf.phase is not Phase.CANCELLED} == set(ended)


FAILURES = st.sampled_from(["Error", "OOMKilled", "Disrupted", "InvalidOutput"])


def expected_attempts(failures, limit, infra_limit):
    """Of another design: budgets are counted down along the list of what happens."""
    for number, reason in enumerate(failures):
        if reason == "InvalidOutput":
            return number + 1, Phase.FAILED
        infra_limit, limit = (infra_limit - 1, limit) if reason == "Disrupted" else (infra_limit, limit - 1)
        if min(infra_limit, limit) < 0:
            return number + 1, Phase.FAILED
    return len(failures) + 1, Phase.SUCCEEDED


@given(st.lists(FAILURES, max_size=8), st.integers(0, 4), st.integers(0, 4), st.sets(st.integers(0, 8)))
def test_each_kind_of_failure_spends_its_own_budget_whatever_restarts_come_between(failures, limit, infra, restarts):
    shape = graph(replace(task("a"), retry=Retry(limit=limit, infra_limit=infra)))
    run, now, attempts = Run(shape, {}), NOW, 0
    while not run.is_final:
        if attempts in restarts:
            (row,) = decode_rows(encode_rows([row_of(run.leaves["a"], None)]))
            run = Run(shape, {})
            run.restore("a", node_of(row, run.leaves["a"], {}), now)
        run.mark_recorded(run.version)
        plan = run.plan(now)
        now = plan.wake or now
        for start in plan.starts:
            assert start.attempt == attempts
            reason = failures[attempts] if attempts < len(failures) else None
            attempts += 1
            run.observe("a", start.attempt, Failure(reason, "broke", 1) if reason else Success({"n": 1}), now)
    assert (attempts, run.leaves["a"].phase) == expected_attempts(failures, limit, infra)
