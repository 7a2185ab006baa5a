"""Reads one pipeline: its tasks, what they are bound to, and the order that follows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from levada.frontend.bindings import Scope, read_binding
from levada.frontend.component import load_component, read_component
from levada.frontend.conditions import UNKNOWN, read_condition
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.parameters import declare_parameters
from levada.frontend.pod_template import Allowed, check_mounts, check_template, merge
from levada.frontend.policies import read_retry, read_timeout
from levada.frontend.shape import mapping, named, sequence, without_nulls
from levada.graph.conditions import names_in
from levada.graph.cycles import find_cycle
from levada.graph.model import ABSENT, After, Component, Datum, Graph, Input, Parameter, Task


@dataclass(frozen=True)
class PipelineReader:
    """Reads one pipeline to its end, whatever is wrong with it.

    Attributes
    ----------
    spec
        The spec, without null entries. `mistakes` has its violations of the schema already.
    components
        The specs of the Components that it may refer to, by name.
    run_template
        The run's `podTemplate`.
    allowed
        ServiceAccounts and Secrets that Pod templates may name; None for every one.
    at
        Where `spec` stands.
    mistakes
        Takes what is wrong.
    """

    spec: Mapping[str, Any]
    components: Mapping[str, Any]
    run_template: Mapping[str, Any] | None
    allowed: Allowed | None
    at: Path
    mistakes: Mistakes
    _loaded: dict[str, Component] = field(default_factory=dict, init=False)

    def read(self) -> Graph:
        """The graph, without what could not be read."""
        check_template(self.spec.get("podTemplate"), self.at / "podTemplate", self.allowed, self.mistakes)
        bodies = {name: self._body(raw, self.places[name]) for name, raw in self._tasks.items()}
        parameters = declare_parameters(
            self.spec.get("parameters"), self._uses(bodies), self.at / "parameters", self.mistakes
        )
        offered = {name: None if body is UNKNOWN else body.outputs for name, body in bodies.items()}
        scope = Scope(parameters, offered, self.mistakes)
        tasks = {name: self._task(name, raw, bodies[name], scope) for name, raw in self._tasks.items()}
        self._check_order(tasks)
        results = {
            name: read_binding(raw, None, self.at / "outputs" / name, scope)
            for name, raw in mapping(self.spec.get("outputs")).items()
        }
        outputs = {name: binding for name, binding in results.items() if binding is not None}
        return Graph(
            parameters,
            tasks,
            outputs,
            timeout=read_timeout(self.spec.get("timeout")),
            fails_fast=self.spec.get("failFast") is True,
        )

    def check_absent(self, graph: Graph, resolved: Mapping[str, Datum]) -> None:
        """Refuse that a required input gets nothing but an optional parameter which the run leaves out."""
        left_out = {name for name, value in resolved.items() if value is ABSENT and graph.inputs[name].is_optional}
        for task in graph.tasks.values():
            required = {name for name, target in task.body.inputs.items() if not target.may_be_absent}
            for target, binding in task.inputs.items():
                if isinstance(binding, Parameter) and binding.name in left_out and target in required:
                    self.mistakes.add(
                        self.places[task.name] / "inputs" / target,
                        f"the input is required, but the run leaves out the optional parameter {binding.name!r}",
                    )

    @cached_property
    def places(self) -> dict[str, Path]:
        """Where each task stands."""
        return {name: self.at / "tasks" / index for index, name, _ in named(self.spec.get("tasks"))}

    @cached_property
    def _tasks(self) -> dict[str, dict[str, Any]]:
        return {name: raw for _, name, raw in named(self.spec.get("tasks"))}

    def _body(self, raw: Mapping[str, Any], path: Path) -> Component:
        if "componentSpec" in raw:
            return read_component(raw["componentSpec"], path / "componentSpec", self.mistakes)
        name = mapping(raw.get("componentRef")).get("name")
        if not isinstance(name, str):
            return UNKNOWN
        if name not in self.components:
            self.mistakes.add_unknown(path / "componentRef" / "name", "Component", name, self.components)
            return UNKNOWN
        if name not in self._loaded:
            at = Path(("spec",), f"Component/{name}")
            self._loaded[name] = load_component(without_nulls(self.components[name], at), at, self.mistakes)
        return self._loaded[name]

    def _uses(self, bodies: Mapping[str, Component]) -> dict[str, list[Input]]:
        """The component inputs that each parameter is bound to."""
        uses: dict[str, list[Input]] = {}
        for name, raw in self._tasks.items():
            for target, binding in mapping(raw.get("inputs")).items():
                parameter = mapping(binding).get("parameter")
                if isinstance(parameter, str) and target in bodies[name].inputs:
                    uses.setdefault(parameter, []).append(bodies[name].inputs[target])
        return uses

    def _task(self, name: str, raw: Mapping[str, Any], body: Component, scope: Scope) -> Task:
        path = self.places[name]
        when = read_condition(raw, body, path, self.mistakes)
        named = names_in(when) if when else []
        return Task(
            name,
            body,
            self._bindings(mapping(raw.get("inputs")), body, path / "inputs", scope, named),
            tuple(self._after(raw.get("after"), path / "after")),
            self._pod(raw.get("podTemplate"), path / "podTemplate"),
            read_retry(raw.get("retry")),
            read_timeout(raw.get("timeout")),
            raw.get("onFailure") == "Continue",
            when,
        )

    def _bindings(
        self, raw: Mapping[str, Any], body: Component, path: Path, scope: Scope, named: Sequence[str]
    ) -> dict[str, Any]:
        """What the inputs are bound to; those that only the task's condition names belong to no input of the body."""
        bindings = {}
        for target, source in raw.items():
            if target not in body.inputs and target not in named and body is not UNKNOWN:
                self.mistakes.add_unknown(path / target, "input", target, body.inputs)
            binding = read_binding(source, body.inputs.get(target), path / target, scope)
            if binding is not None:
                bindings[target] = binding
        for target, declared in body.inputs.items():
            if target not in raw and not declared.may_be_absent:
                self.mistakes.add(path, f"the required input {target!r} is missing")
        return bindings

    def _after(self, raw: Any, path: Path) -> Iterator[After]:
        for index, item in enumerate(sequence(raw)):
            name = item if isinstance(item, str) else mapping(item).get("task")
            if not isinstance(name, str):
                continue
            if name in self.places:
                yield After(name, mapping(item).get("require") == "Succeeded")
            else:
                place = path / index if isinstance(item, str) else path / index / "task"
                self.mistakes.add_unknown(place, "task", name, self.places)

    @cached_property
    def _shared_pod(self) -> dict[str, Any]:
        """The template of tasks that have none of their own: one object for all of them."""
        merged = merge(self.run_template, self.spec.get("podTemplate"))
        check_mounts(merged, self.at / "podTemplate", self.mistakes)
        return merged

    def _pod(self, raw: Any, path: Path) -> dict[str, Any]:
        if raw is None:
            return self._shared_pod
        check_template(raw, path, self.allowed, self.mistakes)
        merged = merge(self.run_template, self.spec.get("podTemplate"), raw)
        check_mounts(merged, path, self.mistakes)
        return merged

    def _check_order(self, tasks: Mapping[str, Task]) -> None:
        """Refuse tasks that wait for themselves, alone or in a circle; every circle is named once."""
        edges = {name: task.predecessors() for name, task in tasks.items()}
        for name, waits_for in edges.items():
            if name in waits_for:
                self.mistakes.add(self.places[name], f"the task {name!r} depends on itself")
                edges[name] = [other for other in waits_for if other != name]
        while cycle := find_cycle(edges):
            shown = " -> ".join(cycle)
            self.mistakes.add(self.places[cycle[0]], f"the tasks depend on one another in a cycle: {shown}")
            for name in cycle:
                edges.pop(name, None)
