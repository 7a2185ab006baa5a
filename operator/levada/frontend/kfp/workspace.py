"""The workspace of a compiled pipeline: a claim that is made before its tasks and removed once all has gone well.

Where something failed it stays, to be looked at, until the run's object goes.
"""

from dataclasses import replace
from typing import Any, Final

from levada.frontend.kfp.platform_ir import Workspace
from levada.frontend.mistakes import Mistakes, Path
from levada.graph import workspace
from levada.graph.model import After, Claim, Graph, Input, Literal, RunFact, Task
from levada.graph.types import LIST, STRING

TASK: Final = "kfp-workspace"
REMOVAL: Final = "kfp-workspace-removal"
_NAME = Input("pvc_name", STRING, is_parameter=True)
_SIZE = Input("size", STRING, is_parameter=True)
_MODES = Input("access_modes", LIST, is_parameter=True)
_CLASS = Input("storage_class_name", STRING, is_parameter=True, is_optional=True)
_SUCCEEDED = 'inputs["phase"] == "Succeeded"'

OPTIONS: Final[dict[str, Any]] = {
    "volumes": [{"name": workspace.VOLUME, "persistentVolumeClaim": {"claimName": workspace.CLAIM}}],
    "volumeMounts": [{"name": workspace.VOLUME, "mountPath": workspace.FOLDER}],
}
"""What Pods are given of it."""


def add_workspace(graph: Graph, wanted: Workspace, place: Path, mistakes: Mistakes) -> Graph:
    """The pipeline with the tasks that make and remove its workspace; `place` is where it is asked for."""
    for name in {TASK, REMOVAL} & set(graph.tasks):
        mistakes.add(place, f"a task is called {name!r}, as the one that makes or removes the workspace: rename it")
    if not wanted.size:
        mistakes.add(place / "size", "is required, such as 1Gi")
    patch = wanted.kubernetes.pvc_spec_patch if wanted.kubernetes else None
    modes = list(patch.access_modes) if patch and patch.access_modes else ["ReadWriteOnce"]
    asked = {_SIZE.name: Literal(wanted.size), _MODES.name: Literal(modes)}
    if patch and patch.storage_class_name:
        asked[_CLASS.name] = Literal(patch.storage_class_name)
    declared = {each.name: each for each in (_NAME, _SIZE, _MODES, _CLASS)}
    made = Task(TASK, Claim("create", declared, {}, is_owned=True), {_NAME.name: workspace.CLAIM, **asked})
    gone = Task(
        REMOVAL,
        Claim("delete", {_NAME.name: _NAME}, {}),
        {_NAME.name: workspace.CLAIM, "phase": RunFact("phase")},
        when=_SUCCEEDED,
    )
    first = After(TASK, require_success=True)
    tasks = {name: replace(task, after=(*task.after, first)) for name, task in graph.tasks.items()}
    return replace(graph, tasks={TASK: made, **tasks}, finals={REMOVAL: gone})
