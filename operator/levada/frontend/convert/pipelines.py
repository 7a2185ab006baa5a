"""A graph as the spec of a Pipeline, and the Components that its tasks run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.frontend.component_spec import component_spec, default_spec
from levada.frontend.convert.bindings import binding_spec
from levada.frontend.convert.importers import importer_of, importer_spec
from levada.frontend.convert.policies import cache_spec, duration, policies_spec
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import ABSENT, Approval, Claim, Component, Graph, Input, Literal, Loop, Task
from levada.graph.policies import Cache
from levada.graph.types import STRING

Spec = dict[str, Any]


@dataclass
class PipelineWriter:
    """Writes the Pipeline `name`, and collects its Components.

    Attributes
    ----------
    name
        Names of Components begin with it: in a namespace they stand beside those of other pipelines.
    place
        Where the document stands.
    mistakes
        Takes what has no native spelling.
    components
        The specs of the Components by name.
    used_by
        The path of the first task that runs each.
    """

    name: str
    place: Path
    mistakes: Mistakes
    components: dict[str, Spec] = field(default_factory=dict, init=False)
    used_by: dict[str, str] = field(default_factory=dict, init=False)
    _names: dict[str, str] = field(default_factory=dict, init=False)
    _cache: Cache | None = field(default=None, init=False)
    """That of all tasks."""

    def write(self, graph: Graph) -> Spec:
        """The spec that is read as `graph`."""
        found = {task.cache for task in _containers(graph)}
        self._cache = next(iter(found)) if len(found) == 1 else None
        spec = self._graph(graph, "")
        return spec if self._cache is None else spec | {"cache": cache_spec(self._cache)}

    def _graph(self, graph: Graph, trail: str) -> Spec:
        """The spec of a graph, to whose tasks `trail` leads."""
        spec: Spec = {}
        if graph.inputs:
            spec["parameters"] = [_parameter(declared) for declared in graph.inputs.values()]
        spec["tasks"] = [self._task(task, f"{trail}{task.name}") for task in graph.tasks.values()]
        if graph.outputs:
            spec["outputs"] = {name: binding_spec(binding) for name, binding in graph.outputs.items()}
        if graph.timeout is not None:
            spec["timeout"] = duration(graph.timeout)
        return spec

    def _task(self, task: Task, path: str) -> Spec:
        spec: Spec = {"name": task.name} | self._body(task, path)
        if task.inputs:
            spec["inputs"] = {name: binding_spec(binding) for name, binding in task.inputs.items()}
        if task.loop:
            spec["forEach"] = _loop(task.loop)
        if task.after:
            spec["after"] = [
                {"task": edge.task, "require": "Succeeded"} if edge.require_success else edge.task
                for edge in task.after
            ]
        if task.when:
            spec["when"] = task.when
        spec |= policies_spec(task, self._cache)
        for what in _unsayable(task):
            self._refuse(path, what)
        return spec

    def _body(self, task: Task, path: str) -> Spec:
        body = task.body
        if isinstance(body, Component):
            return {"componentRef": {"name": self._component(task.name, body, path)}}
        if isinstance(body, Graph):
            importer = importer_of(body)
            if importer is not None:
                return {"importer": importer_spec(importer)}
            return {"pipelineSpec": self._graph(body, f"{path}.")}
        assert isinstance(body, Claim), Approval
        self._refuse(path, f"it {body.deed}s a PersistentVolumeClaim")
        return {}

    def _component(self, task: str, component: Component, path: str) -> str:
        """The name of the Component that is `component`: one for all tasks that run the same."""
        found = Mistakes()
        spec = component_spec(component, self.place, found)
        for mistake in found:
            self._refuse(path, mistake.message)
        same = json.dumps(spec, sort_keys=True)
        if same not in self._names:
            first = name = f"{self.name}-{task}"
            number = 1
            while name in self.components:
                number += 1
                name = f"{first}-{number}"
            self._names[same] = name
            self.components[name], self.used_by[name] = spec, path
        return self._names[same]

    def _refuse(self, path: str, what: str) -> None:
        self.mistakes.add(self.place, unsayable(path, what))


def unsayable(path: str, what: str) -> str:
    """What a person reads of a task that no native spec describes."""
    whose = f"task {path}" if path else "the pipeline"
    return f"{whose}: {what}, which cannot be said natively; the document runs as it is, also as `spec.kfp`"


def _unsayable(task: Task) -> Iterator[str]:
    """What of a task no native spec says, whatever it runs."""
    if task.bound_pod is not None:
        yield "options of its Pod come from inputs or other tasks"
    if task.falls_back:
        yield "its inputs fall back on their defaults where another task failed"


def _containers(graph: Graph) -> Iterator[Task]:
    """The tasks that run containers, those of nested graphs included."""
    for task in graph.tasks.values():
        if isinstance(task.body, Graph):
            yield from _containers(task.body)
        elif isinstance(task.body, Component):
            yield task


def _parameter(declared: Input) -> Spec:
    spec: Spec = {"name": declared.name}
    if declared.declared or not declared.is_parameter or declared.type != STRING:
        spec["type"] = declared.type
    if declared.default is not ABSENT:
        spec["default"] = default_spec(declared.default)
    return spec | {"optional": True} if declared.is_optional else spec


def _loop(loop: Loop) -> Mapping[str, Any]:
    items = loop.items.value if isinstance(loop.items, Literal) else binding_spec(loop.items)
    return {"items": items} | ({} if loop.parallelism is None else {"parallelism": loop.parallelism})
