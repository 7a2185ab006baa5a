"""Reads one pipeline: its tasks, what they are bound to, and the order that follows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from levada.frontend.around import DEEPEST, Around
from levada.frontend.bindings import read_binding, read_result
from levada.frontend.catalogue import UNKNOWN, Body, Catalogue
from levada.frontend.component import read_component
from levada.frontend.conditions import read_condition
from levada.frontend.importers import read_importer
from levada.frontend.kfp.pipelines import COMPILED, read_compiled
from levada.frontend.loops import check_size, read_loop, written_items
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.order import check_order
from levada.frontend.parameters import declare_parameters
from levada.frontend.pod_template import check_mounts, check_template, merge
from levada.frontend.policies import check_placement, read_approval, read_cache, read_retry, read_timeout
from levada.frontend.scope import NO_NAMES, Names, Offer, Scope
from levada.frontend.shape import mapping, named, sequence
from levada.frontend.uses import uses_of
from levada.graph.conditions import names_in
from levada.graph.model import After, Approval, Binding, Graph, Output, Task
from levada.graph.outputs import offered
from levada.graph.policies import Cache

FINALLY = "finally"
"""Paths of tasks begin with it (`finally.report`), so that no task is called so."""


@dataclass(frozen=True)
class PipelineReader:
    """Reads one pipeline to its end, whatever is wrong with it.

    Attributes
    ----------
    spec
        The spec, without null entries. The mistakes have its violations of the schema already.
    at
        Where `spec` stands.
    catalogue
        What it may refer to.
    around
        What holds from outside.
    nested
        The readers of its tasks' graphs, once it is read.
    results
        Its outputs, once it is read; None for one whose type is not known.
    """

    spec: Mapping[str, Any]
    at: Path
    catalogue: Catalogue
    around: Around
    nested: "dict[str, PipelineReader]" = field(default_factory=dict, init=False)
    results: dict[str, Output | None] = field(default_factory=dict, init=False)
    _read: "dict[tuple[Path, Cache | None, str], tuple[PipelineReader, Graph, int]]" = field(
        default_factory=dict, init=False
    )

    @property
    def mistakes(self) -> Mistakes:
        """Takes what is wrong."""
        return self.catalogue.mistakes

    def read(self) -> Graph:
        """The graph, without what could not be read."""
        check_template(self.spec.get("podTemplate"), self.at / "podTemplate", self.catalogue.allowed, self.mistakes)
        self._check_names()
        self.catalogue.count(len(self._tasks), self.at)
        bodies = {name: self._body(name, raw) for name, raw in self._tasks.items()}
        parameters = declare_parameters(
            self.spec.get("parameters"), uses_of(self._tasks.values(), bodies), self.at / "parameters", self.mistakes
        )
        offers = {name: self._offer(name, raw, bodies[name]) for name, raw in self._tasks.items()}
        early = {name: offer for name, offer in offers.items() if name not in self._finals}
        scope = Scope(parameters, early, self.mistakes, later=self._finals, around=self.around.names)
        whole = Scope(parameters, offers, self.mistakes, around=self.around.names)
        last = replace(whole, is_final=True)
        tasks = {
            name: self._task(name, raw, bodies[name], last if name in self._finals else scope)
            for name, raw in self._tasks.items()
        }
        check_order(tasks, self.places, self.mistakes)
        outputs = dict(self._outputs(whole))
        finals = {name: tasks.pop(name) for name in self._tasks if name in self._finals}
        return Graph(parameters, tasks, outputs, finals)

    @cached_property
    def places(self) -> dict[str, Path]:
        """Where each task stands."""
        return {name: place for place, name, _ in self._written()}

    @cached_property
    def _tasks(self) -> dict[str, dict[str, Any]]:
        return {name: raw for _, name, raw in self._written()}

    @cached_property
    def _finals(self) -> frozenset[str]:
        """The names of the tasks in `finally`."""
        return frozenset(name for name, place in self.places.items() if place.steps[-2] == FINALLY)

    def _written(self) -> Iterator[tuple[Path, str, dict[str, Any]]]:
        """Place, name and content of every task, those in `finally` last; of a name used twice the first."""
        seen: set[str] = set()
        for field_ in ("tasks", FINALLY):
            for index, name, raw in named(self.spec.get(field_)):
                if name not in seen:
                    seen.add(name)
                    yield self.at / field_ / index, name, raw

    def _check_names(self) -> None:
        for index, name, _ in named(self.spec.get(FINALLY)):
            if self.places[name] != self.at / FINALLY / index:
                self.mistakes.add(self.at / FINALLY / index / "name", f"{name!r} is used twice: a task has that name")
        if FINALLY in self.places:
            self.mistakes.add(
                self.places[FINALLY] / "name", f"no task can be called {FINALLY!r}: paths of finally tasks begin so"
            )

    def _body(self, name: str, raw: Mapping[str, Any]) -> Body:
        """What the task runs."""
        path = self.places[name]
        check_placement(raw, path, self.mistakes)
        if "componentSpec" in raw:
            return read_component(raw["componentSpec"], path / "componentSpec", self.mistakes)
        if "approval" in raw:
            return read_approval(raw["approval"])
        if "importer" in raw:
            return read_importer(raw["importer"], path / "importer", self.mistakes)
        if "pipelineSpec" in raw:
            names = Names(frozenset(name for _, name, _ in named(self.spec.get("parameters"))), frozenset(self.places))
            return self._graph(name, raw, mapping(raw["pipelineSpec"]), path / "pipelineSpec", self.around.trail, names)
        component, pipeline = (mapping(raw.get(key)).get("name") for key in ("componentRef", "pipelineRef"))
        if isinstance(component, str):
            return self.catalogue.component(component, path / "componentRef" / "name")
        if isinstance(pipeline, str):
            return self._referenced(name, raw, pipeline, path / "pipelineRef" / "name")
        return UNKNOWN

    def _referenced(self, name: str, raw: Mapping[str, Any], pipeline: str, path: Path) -> Body:
        trail = (*self.around.trail, pipeline)
        if pipeline in self.around.trail:
            shown = " -> ".join(trail[trail.index(pipeline) :])
            self.mistakes.add(path, f"the Pipelines hold one another in a cycle: {shown}")
            return UNKNOWN
        found = self.catalogue.pipeline(pipeline, path)
        return self._graph(name, raw, *found, trail, NO_NAMES) if found else UNKNOWN

    def _graph(  # all that a nested graph is read from
        self, name: str, raw: Mapping[str, Any], spec: Mapping[str, Any], at: Path, trail: tuple[str, ...], names: Names
    ) -> Body:
        depth = self.around.depth + 1
        if depth > DEEPEST:
            self.mistakes.add(self.places[name], f"pipelines are nested deeper than {DEEPEST} levels")
            return UNKNOWN
        around = Around(
            self._pod(raw.get("podTemplate"), self.places[name] / "podTemplate"), self._cache(raw), trail, depth, names
        )
        # Tasks that run the same Pipeline under the same circumstances share one reading of it.
        key = (at, around.cache, name if "podTemplate" in raw else "")
        if key in self._read:
            self.nested[name], graph, tasks = self._read[key]
            self.catalogue.count(tasks, at)
            return graph
        if isinstance(spec.get(COMPILED), str):
            return read_compiled(spec, at, self.catalogue, around)
        before = self.catalogue.tasks
        self.nested[name] = PipelineReader(spec, at, self.catalogue, around)
        graph = self.nested[name].read()
        self._read[key] = self.nested[name], graph, self.catalogue.tasks - before
        return graph

    def _offer(self, name: str, raw: Mapping[str, Any], body: Body) -> Offer:
        outputs: Mapping[str, Output | None] | None = None if body is UNKNOWN else offered(body)
        if name in self.nested:
            outputs = self.nested[name].results
        written = self._items(name, raw)
        length = None if written is None else len(written)
        return Offer(outputs, "forEach" in raw, length, isinstance(body, Approval))

    def _items(self, name: str, raw: Mapping[str, Any]) -> list[Any] | None:
        return written_items(raw.get("forEach"), self.places[name] / "forEach", self.mistakes)

    def _task(self, name: str, raw: Mapping[str, Any], body: Body, scope: Scope) -> Task:
        path, loop, within = self.places[name], None, scope
        if "forEach" in raw:
            loop, each = read_loop(mapping(raw["forEach"]), self._items(name, raw), path / "forEach", scope)
            within = replace(scope, each=each)
        when = read_condition(raw, body, path, self.mistakes)
        named_by_it = names_in(when) if when else []
        task = Task(
            name,
            body,
            self._bindings(mapping(raw.get("inputs")), body, path / "inputs", within, named_by_it),
            tuple(self._after(raw.get("after"), path / "after", scope)),
            self._pod(raw.get("podTemplate"), path / "podTemplate"),
            read_retry(raw.get("retry")),
            read_timeout(raw.get("timeout")),
            raw.get("onFailure") == "Continue",
            when,
            loop,
            self._cache(raw),
        )
        check_size(task, path / "forEach", self.mistakes)
        return task

    def _bindings(
        self, raw: Mapping[str, Any], body: Body, path: Path, scope: Scope, named_by_it: Sequence[str]
    ) -> dict[str, Binding]:
        """What the inputs are bound to; those that only the task's condition names belong to no input of the body."""
        bindings = {}
        for target, source in raw.items():
            if target not in body.inputs and target not in named_by_it and body is not UNKNOWN:
                self._note_unused(target, body, path / target)
            binding = read_binding(source, body.inputs.get(target), path / target, scope)
            if binding is not None:
                bindings[target] = binding
        for target, declared in body.inputs.items():
            if target not in raw and not declared.may_be_absent:
                self.mistakes.add(path, f"the required input {target!r} is missing")
        return bindings

    def _note_unused(self, target: str, body: Body, path: Path) -> None:
        if isinstance(body, Approval):
            self.mistakes.add(path, "an approval has no inputs but those that its `when` names")
        else:
            self.mistakes.add_unknown(path, "input", target, body.inputs)

    def _after(self, raw: Any, path: Path, scope: Scope) -> Iterator[After]:
        for index, item in enumerate(sequence(raw)):
            name = item if isinstance(item, str) else mapping(item).get("task")
            place = path / index if isinstance(item, str) else path / index / "task"
            if isinstance(name, str) and (offer := scope.task(name, place)):
                yield After(name, offer.is_gate or mapping(item).get("require") == "Succeeded")

    def _outputs(self, scope: Scope) -> Iterator[tuple[str, Binding]]:
        for name, raw in mapping(self.spec.get("outputs")).items():
            binding, self.results[name] = read_result(name, raw, self.at / "outputs" / name, scope)
            if binding is not None:
                yield name, binding

    def _cache(self, raw: Mapping[str, Any]) -> Cache | None:
        return read_cache(raw.get("cache"), read_cache(self.spec.get("cache"), self.around.cache))

    @cached_property
    def _shared_pod(self) -> dict[str, Any]:
        """The template of tasks that have none of their own: one object for all of them."""
        merged = merge(self.around.template, self.spec.get("podTemplate"))
        check_mounts(merged, self.at / "podTemplate", self.mistakes)
        return merged

    def _pod(self, raw: Any, path: Path) -> dict[str, Any]:
        if raw is None:
            return self._shared_pod
        check_template(raw, path, self.catalogue.allowed, self.mistakes)
        merged = merge(self.around.template, self.spec.get("podTemplate"), raw)
        check_mounts(merged, path, self.mistakes)
        return merged
