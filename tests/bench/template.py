"""What the ideal client writes for a run and for each task: the operator's own, but for what differs between tasks."""

import json

from bench.ideal import NAME, PATH, SECONDS, Opening
from bench.plane import NAMESPACE
from bench.workload import IMAGE, Workload
from levada.graph.model import Component, Output
from levada.graph.placeholders import Reference
from levada.kube.definition import Definition, frozen
from levada.planner.names import STARTED_ANNOTATION
from levada.planner.pod import BuiltPod, RunIdentity, build_pod
from levada.planner.settings import PodSettings

_WORK = Component(
    {}, {"n": Output("n", "Integer", True)}, IMAGE, ("work",), (SECONDS, "7", Reference("outputPath", "n"))
)


def pod_template(run: str, uid: str, guarded: bool) -> str:
    """JSON, in which NAME, PATH and SECONDS stand for what differs; with our finalizer if it is `guarded`."""
    built = build_pod(RunIdentity(run, NAMESPACE, uid), PATH, 0, _WORK, {}, {}, PodSettings("levada:bench"))
    assert isinstance(built, BuiltPod)
    metadata = built.manifest["metadata"] | {"name": NAME}
    if not guarded:
        del metadata["finalizers"]
    return json.dumps(built.manifest | {"metadata": metadata}, separators=(",", ":"))


def opening(run: dict, workload: Workload) -> Opening:
    """How the operator begins a run: it is marked, and what it refers to is frozen."""
    specs: dict[str, dict] = {"Pipeline": {}, "Component": {}}
    for item in workload.definitions():
        specs[item["kind"]][item["metadata"]["name"]] = item["spec"]
    name = run["spec"]["pipelineRef"]["name"]
    definition = Definition(run["spec"], {name: specs["Pipeline"][name]}, specs["Component"])
    mark = {"metadata": {"annotations": {STARTED_ANNOTATION: run["metadata"]["uid"]}}}
    (kept,) = frozen(run, definition)
    return Opening(json.dumps(mark), json.dumps(kept))
