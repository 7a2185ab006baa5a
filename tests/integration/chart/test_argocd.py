"""Argo CD's health scripts, on recorded objects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration.chart.rendering import Json

EXPECTED_HEALTH = {
    ("PipelineRun", -1, None): "Progressing",
    ("PipelineRun", 1, "WaitingForReference"): "Progressing",
    ("PipelineRun", 1, "Running"): "Progressing",
    ("PipelineRun", 1, "Succeeded"): "Healthy",
    ("PipelineRun", 1, "TaskFailed"): "Degraded",
    ("PipelineRun", 1, "InvalidSpec"): "Degraded",
    ("Pipeline", -1, None): "Progressing",
    ("Pipeline", 1, "WaitingForReference"): "Progressing",
    ("Pipeline", 1, "InvalidSpec"): "Degraded",
    ("Pipeline", 1, "Valid"): "Healthy",
    ("Component", -1, None): "Progressing",
    ("Component", 1, "Valid"): "Healthy",
}


@pytest.fixture
def health(render):
    """Argo CD's judgement, by the scripts as the chart ships them and the Lua version that Argo CD has (5.1)."""
    lua51 = pytest.importorskip("lupa.lua51", reason="left out, Argo CD's health scripts: lupa is not installed")
    scripts = render()["ConfigMap", "levada-system", "levada-argocd-health"]["data"]

    def judged(recorded: Json) -> Json:
        runtime = lua51.LuaRuntime()
        runtime.globals().obj = runtime.table_from(recorded, recursive=True)
        script = scripts[f"resource.customizations.health.levada.dev_{recorded['kind']}"]
        return dict(runtime.execute(script))

    return judged


def recorded_objects() -> list[Json]:
    """Taken from a watch on a real cluster: every object, each time that its state changed."""
    return json.loads(Path(__file__).with_name("recorded_objects.json").read_text())


def reason(recorded: Json) -> str | None:
    ready = [c for c in recorded["status"].get("conditions", []) if c["type"] == "Ready"]
    return ready[0]["reason"] if ready else None


def test_argocd_judges_recorded_objects_as_a_person_would(health):
    judged = {
        (each["kind"], each["status"]["observedGeneration"], reason(each)): health(each)["status"]
        for each in recorded_objects()
    }
    assert judged == EXPECTED_HEALTH


@pytest.mark.parametrize(("phase", "expected"), [("Suspended", "Suspended"), ("Cancelled", "Degraded")])
def test_argocd_knows_the_phases_that_come_later(health, phase, expected):
    run = next(each for each in recorded_objects() if reason(each) == "Succeeded")
    assert health({**run, "status": {**run["status"], "phase": phase}})["status"] == expected


def test_argocd_waits_for_a_word_on_the_object_as_it_is_now(health):
    run = next(each for each in recorded_objects() if reason(each) == "Succeeded")
    changed = {**run, "metadata": {**run["metadata"], "generation": 2}}
    assert health(changed)["status"] == "Progressing"


def test_argocd_is_told_why_a_run_failed(health):
    run = next(each for each in recorded_objects() if reason(each) == "TaskFailed")
    assert "task one failed" in health(run)["message"]


def test_argocd_sees_a_run_that_cannot_be_worked_on(health):
    run = next(each for each in recorded_objects() if reason(each) == "Running")
    conditions = [{"type": "Stalled", "status": "True"}, {"type": "Succeeded", "status": "Unknown", "message": "why"}]
    judged = health({**run, "status": {**run["status"], "conditions": conditions}})
    assert (judged["status"], judged["message"]) == ("Degraded", "why")
