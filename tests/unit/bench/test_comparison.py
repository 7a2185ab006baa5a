"""What is judged of what each side took."""

from collections import Counter

import pytest

from bench.comparison import compare, growth
from bench.play import Figures
from bench.results import Result, at_most, table
from bench.scenarios import SCENARIOS, Scenario
from bench.server import VERBS
from bench.workload import fan

SENT = Counter({"POST pods": 10, "PATCH pods": 20, "GET configmaps": 5, "LIST pods": 2, "WATCH pods": 1})


def figures(**other):
    numbers = dict.fromkeys(
        ("makespan", "complete", "step_ms", "cpu", "server_cpu", "kubelet_cpu", "object_kb", "lag", "peak_mb"), 1.0
    )
    return Figures(**{**numbers, "count": 10, "sent": SENT, "stalls": (0, 0.0), **other}).metrics


def cpu(scenario, levada, ideal=(), bare=()):
    return Result(scenario, "cpu_ms_per_task", levada, ideal, bare)


def compared(**taken):
    scenario = Scenario(fan(10), {"cpu_ms_per_task": at_most(2)})
    return {each.metric: each for each in compare(scenario, taken)}


def test_requests_per_task_are_told_by_verb_and_add_up():
    found = figures()
    per_verb = {verb: found[f"{verb.lower()}_per_task"] for verb in VERBS}
    assert per_verb == {"POST": 1, "PUT": 0, "PATCH": 2, "DELETE": 0, "GET": 0.5, "LIST": 0.2, "WATCH": 0.1}
    assert sum(per_verb.values()) == pytest.approx(found["requests_per_task"])


def test_both_sides_requests_are_in_the_table_and_in_json():
    found = compared(levada=[figures()], ideal=[figures(sent=Counter({"PATCH pods": 10}))])
    entry = found["patch_per_task"].entry()
    assert (entry["levada"], entry["ideal"]) == (2, 1)
    assert "| fan-10 | patch_per_task | 2 | 1 |  | 2.00 |  |  |" in table(list(found.values()))


def test_stalls_are_told_only_of_those_that_were_listened_to():
    found = compared(levada=[figures(stalls=(2, 71.5))], ideal=[figures(stalls=None)], bare=[figures(stalls=None)])
    longest = found["longest_stall_ms"]
    assert (longest.levada, longest.ideal, longest.bare) == ([71.5], [], [])
    assert "| fan-10 | stalls | 2 |  |  |  |  |  |" in table(list(found.values()))
    assert longest.entry()["ideal"] is None


def test_no_stalls_are_a_figure_of_those_that_were_listened_to():
    assert compared(levada=[figures()])["stalls"].levada == [0]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_judged_by_the_cpu_of_a_task(name):
    of = {each.metric: each for each in compare(SCENARIOS[name], {"levada": [figures(cpu=0.021)]})}
    assert of["cpu_ms_per_task"].met is False
    of = {each.metric: each for each in compare(SCENARIOS[name], {"levada": [figures(cpu=0.02)]})}
    assert of["cpu_ms_per_task"].met is True


def test_a_large_runs_task_is_compared_with_a_small_ones():
    (found,) = growth([cpu("fan-1000", [1.0, 2.0, 9.0], [1.0]), cpu("run-10000", [2.2, 2.6], [1.1])])
    assert (found.scenario, found.metric) == ("run-10000", "cpu_to_fan-1000")
    assert found.levada == pytest.approx([1.1, 1.3])
    assert found.ideal == pytest.approx([1.1])


@pytest.mark.parametrize(("large", "met"), [(2.4, True), (2.42, False)])
def test_a_large_runs_task_may_take_a_fifth_more(large, met):
    (found,) = growth([cpu("run-10000", [large]), cpu("fan-1000", [2.0])])
    assert found.met is met


def test_a_large_run_alone_is_compared_with_nothing():
    assert growth([cpu("run-10000", [2.0]), cpu("fan-5000", [2.0])]) == []
    assert growth([cpu("fan-1000", [2.0])]) == []


def test_a_side_that_did_only_one_of_both_is_not_compared():
    (found,) = growth([cpu("fan-1000", [1.0]), cpu("run-10000", [1.0], [3.0])])
    assert not found.ideal
