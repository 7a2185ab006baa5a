"""Which finished runs go and when, and which of their Pods."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from levada.planner.encoding import Row
from levada.planner.nodes import Phase
from levada.planner.retention import Defaults, History, HistoryLimit, applier_of, ended_run, history_limit, may_free_pod

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REST = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


def run(name="a", phase="Succeeded", *, minutes=0, metadata=None, **spec):
    """A PipelineRun that ended so many minutes after `NOW`."""
    status = {"phase": phase}
    if phase in ("Succeeded", "Failed", "Cancelled"):
        status["completionTime"] = (NOW + minutes * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"namespace": "team", "name": name, "uid": f"uid-{name}"} | (metadata or {}),
        "spec": {"pipelineRef": {"name": "p"}} | spec,
        "status": status,
    }


def history(*runs, defaults=None, limit=None, seen=NOW - timedelta(days=1)):
    known = History(REST)
    for each in runs:
        known.note(ended_run(each, defaults or Defaults(), seen))
    if limit:
        known.limit(("team", "p"), limit)
    return known


def due(known, now=NOW):
    return [each.name for each in known.due(now)[0]]


class TestTimeToLive:
    def test_a_run_goes_when_its_time_after_its_end_is_over_and_not_before(self):
        known = history(run(ttlAfterFinished="1h"))
        assert known.due(NOW + 59 * MINUTE) == ([], NOW + 60 * MINUTE)
        assert due(known, NOW + 60 * MINUTE) == ["a"]

    def test_a_run_without_one_stays(self):
        assert history(run()).due(NOW + timedelta(days=1000)) == ([], None)

    def test_the_installations_holds_for_runs_that_say_nothing(self):
        defaults = Defaults(ttl=MINUTE)
        known = history(run(), run("b", ttlAfterFinished="1h"), defaults=defaults)
        assert due(known, NOW + MINUTE) == ["a"]

    def test_a_run_that_was_just_seen_to_end_rests_for_two_lease_times(self):
        known = history(run(ttlAfterFinished="0s"), seen=NOW)
        assert known.due(NOW) == ([], NOW + REST)
        assert due(known, NOW + REST) == ["a"]

    def test_seeing_a_run_again_does_not_prolong_its_rest(self):
        known = history(run(ttlAfterFinished="0s"), seen=NOW)
        known.note(ended_run(run(ttlAfterFinished="0s"), Defaults(), NOW + REST))
        assert due(known, NOW + REST) == ["a"]

    def test_the_next_run_of_the_same_name_has_a_rest_of_its_own(self):
        known = history(run(ttlAfterFinished="0s"), seen=NOW)
        known.note(ended_run(run(metadata={"uid": "another"}, ttlAfterFinished="0s"), Defaults(), NOW + REST))
        assert due(known, NOW + REST) == []

    def test_what_was_settled_is_not_named_again_until_there_is_another_run(self):
        known = history(run(ttlAfterFinished="0s"))
        (ended,), _ = known.due(NOW)
        known.settle(ended, is_kept=True)
        assert known.due(NOW) == ([], None)
        assert known.is_kept("uid-a")
        known.forget(ended.key)
        assert not known.is_kept("uid-a")

    @pytest.mark.parametrize("phase", ["Pending", "Running", "Suspended", None])
    def test_a_run_that_is_not_over_is_nothing_to_remember(self, phase):
        assert ended_run(run(phase=phase, ttlAfterFinished="0s"), Defaults(), NOW) is None


class TestHistoryLimit:
    def test_the_newest_stay_by_how_they_ended(self):
        runs = [run(f"good-{n}", minutes=n) for n in range(3)]
        runs += [run("bad-0", "Failed", minutes=0), run("bad-1", "Cancelled", minutes=1)]
        known = history(*runs, limit=HistoryLimit(successful=2, failed=1))
        assert due(known, NOW + 60 * MINUTE) == ["bad-0", "good-0"]

    def test_what_is_not_limited_stays(self):
        runs = [run("x", "Failed"), run("y"), run("z")]
        assert due(history(*runs, limit=HistoryLimit(successful=0))) == ["y", "z"]
        assert due(history(*runs, limit=HistoryLimit())) == []

    def test_runs_with_a_graph_of_their_own_and_of_other_pipelines_do_not_count(self):
        other = run("other", pipelineRef={"name": "q"})
        inline = run("inline", pipelineRef={}, pipelineSpec={})
        assert due(history(other, inline, limit=HistoryLimit(0, 0))) == []

    def test_pipelines_that_runs_refer_to_are_asked_for_their_limits_until_these_are_known(self):
        known = history(run(), run("inline", pipelineRef={}))
        assert known.unknown == {("team", "p")}
        known.limit(("team", "p"), HistoryLimit())
        assert known.unknown == set()
        known.limit(("team", "p"), None)
        assert known.unknown == {("team", "p")}

    def test_a_pipeline_says_it_in_part_or_not_at_all(self):
        assert history_limit({}) == HistoryLimit()
        assert history_limit({"historyLimit": {"failed": 3}}) == HistoryLimit(None, 3)


ENDS = st.lists(st.tuples(st.sampled_from(["Succeeded", "Failed", "Cancelled", "Running"]), st.integers(0, 50)))
LIMITS = st.none() | st.integers(0, 5)


@given(ends=ENDS, successful=LIMITS, failed=LIMITS)
def test_exactly_the_newest_stay_and_whatever_is_not_over(ends, successful, failed):
    runs = [run(f"r{n:03}", phase, minutes=minutes) for n, (phase, minutes) in enumerate(ends)]
    known = History(REST)
    for each in runs:
        if ended := ended_run(each, Defaults(), NOW):
            known.note(ended)
    known.limit(("team", "p"), HistoryLimit(successful, failed))
    gone = set(due(known, NOW + timedelta(days=1)))
    for phases, limit in ((("Succeeded",), successful), (("Failed", "Cancelled"), failed)):
        of_kind = [each for each in runs if each["status"]["phase"] in phases]
        stay = [each for each in of_kind if each["metadata"]["name"] not in gone]
        assert len(stay) == (len(of_kind) if limit is None else min(limit, len(of_kind)))
        oldest = min((each["status"]["completionTime"] for each in stay), default="9")
        assert all(each["status"]["completionTime"] <= oldest for each in of_kind if each["metadata"]["name"] in gone)
    assert not any(each["metadata"]["name"] in gone for each in runs if each["status"]["phase"] == "Running")


@given(ends=ENDS, limit=st.integers(0, 5), known_first=st.integers(0, 50))
def test_a_run_that_goes_while_others_are_not_known_yet_would_go_anyway(ends, limit, known_first):
    runs = [run(f"r{n:03}", minutes=minutes) for n, (_, minutes) in enumerate(ends)]
    early = history(*runs[:known_first], limit=HistoryLimit(successful=limit))
    late = history(*runs, limit=HistoryLimit(successful=limit))
    assert set(due(early)) <= set(due(late))


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "app:levada.dev/PipelineRun:a/b"}}, "Argo CD"),
        ({"labels": {"argocd.argoproj.io/instance": "app"}}, "Argo CD"),
        ({"labels": {"app.kubernetes.io/instance": "app"}}, "Argo CD or Helm"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}, "Flux"),
        ({"annotations": {"meta.helm.sh/release-name": "r"}}, "Helm"),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
        ({"labels": {"app.kubernetes.io/managed-by": "me", "team": "x"}, "annotations": {"a": "b"}}, ""),
        ({}, ""),
    ],
)
def test_what_would_apply_a_run_again_is_known_by_its_marks(metadata, who):
    assert applier_of(metadata) == who


class TestPods:
    ROW = Row("t", Phase.SUCCEEDED, 1)

    def test_never_means_never(self):
        assert not may_free_pod("Never", self.ROW, 1, is_over=True)

    @pytest.mark.parametrize("row", [None, Row("t", Phase.RUNNING, 1), Row("t", Phase.PENDING, 1)])
    def test_a_pod_whose_result_is_not_recorded_stays_under_every_policy(self, row):
        for cleanup in ("OnSuccess", "OnCompletion"):
            assert not may_free_pod(cleanup, row, 1, is_over=False)

    def test_on_success_a_pod_goes_that_gave_its_task_the_result(self):
        assert may_free_pod("OnSuccess", self.ROW, 1, is_over=False)
        assert not may_free_pod("OnSuccess", self.ROW, 0, is_over=True)
        assert not may_free_pod("OnSuccess", Row("t", Phase.FAILED, 1), 1, is_over=True)
        assert not may_free_pod("OnSuccess", None, 0, is_over=True)

    def test_on_completion_every_ended_pod_goes(self):
        assert may_free_pod("OnCompletion", self.ROW, 0, is_over=False)
        assert may_free_pod("OnCompletion", Row("t", Phase.PENDING, 1), 0, is_over=False)
        assert may_free_pod("OnCompletion", Row("t", Phase.FAILED), 0, is_over=False)
        assert may_free_pod("OnCompletion", None, 0, is_over=True)
