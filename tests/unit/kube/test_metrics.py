"""Phases as gauges."""

from levada.kube import metrics
from levada.kube.metrics import REGISTRY, RUNS, count_by_phase


def test_phases_are_counted_when_they_are_read_and_those_that_are_gone_are_zero():
    counts = {"Running": 3, "Pending": 1}
    count_by_phase(RUNS, ("Running", "Pending"), lambda: counts)
    assert REGISTRY.get_sample_value("levada_runs", {"phase": "Pending"}) == 1
    counts = {"Running": 2}
    assert REGISTRY.get_sample_value("levada_runs", {"phase": "Running"}) == 2
    assert REGISTRY.get_sample_value("levada_runs", {"phase": "Pending"}) == 0


def test_no_label_grows_with_the_number_of_runs():
    labels = {label for metric in vars(metrics).values() for label in getattr(metric, "_labelnames", ())}
    assert labels == {"phase", "result", "verb", "code", "kind", "cause"}
