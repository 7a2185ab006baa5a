"""Kubeflow's graphs (`dag`): each task of them as a task here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from levada.frontend.around import DEEPEST
from levada.frontend.catalogue import UNKNOWN, Catalogue
from levada.frontend.kfp import ir, platform_ir, workspace
from levada.frontend.kfp.bindings import Sources, read_items
from levada.frontend.kfp.conditions import read_condition
from levada.frontend.kfp.containers import read_container
from levada.frontend.kfp.importers import read_importer
from levada.frontend.kfp.platform import PodReader, has_bindings
from levada.frontend.kfp.policies import read_cache, read_retry
from levada.frontend.kfp.task_config import tell
from levada.frontend.kfp.types import read_inputs
from levada.frontend.loops import check_size
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.order import check_order
from levada.frontend.pod_template import check_template, merge
from levada.graph.model import After, Binding, Claim, Component, Compose, Graph, Input, Item, Loop, Output, Task
from levada.graph.outputs import offered
from levada.graph.policies import NO_RETRY, Retry
from levada.graph.types import ANY, STRING, item_type

ALL_COMPLETED = "ALL_UPSTREAM_TASKS_COMPLETED"
_STRATEGIES = ("", "TRIGGER_STRATEGY_UNSPECIFIED", "ALL_UPSTREAM_TASKS_SUCCEEDED", ALL_COMPLETED)
Body = Component | Graph | Claim


@dataclass(frozen=True)
class GraphReader:
    """Reads the graphs of one document.

    Attributes
    ----------
    document, at
        The pipeline, and where it stands.
    catalogue
        Counts tasks, and takes what is wrong.
    template
        Options of all Pods.
    platform
        What the document says of Kubernetes.
    is_cached
        Whether the document's own word on caching counts.
    """

    document: ir.PipelineSpec
    at: Path
    catalogue: Catalogue
    template: Mapping[str, Any]
    platform: platform_ir.Kubernetes = field(default_factory=platform_ir.Kubernetes)
    is_cached: bool = True
    _bodies: dict[tuple[str, Retry, tuple[str, ...]], Body] = field(default_factory=dict, init=False)

    @property
    def mistakes(self) -> Mistakes:
        """Takes what is wrong."""
        return self.catalogue.mistakes

    def read(self) -> Graph:
        """The whole pipeline."""
        if self.document.root.dag is None:
            self.mistakes.add(self.at / "root", "has no dag: there is nothing to run")
            return Graph({}, {})
        return self._graph(self.document.root, self.at / "root", NO_RETRY, ())

    def _graph(self, component: ir.Component, place: Path, retry: Retry, trail: tuple[str, ...]) -> Graph:
        dag = component.dag
        assert dag is not None
        self.catalogue.count(len(dag.tasks), place)
        at = place / "dag" / "tasks"
        bodies = {
            name: self._body(task, at / name, self._retry(task, at / name, retry), trail)
            for name, task in dag.tasks.items()
        }
        made: dict[str, Mapping[str, Output]] = {name: offered(body) for name, body in bodies.items()}
        loops = frozenset(name for name, task in dag.tasks.items() if task.iterator is not None)
        inputs = read_inputs(component.input_definitions, place / "inputDefinitions", self.mistakes)
        if trail:
            inputs = {input_name: _handing_on(declared) for input_name, declared in inputs.items()}
        sources = Sources(inputs, made, loops, self.mistakes)
        tasks = {
            name: self._task(name, task, bodies[name], sources, at / name, retry) for name, task in dag.tasks.items()
        }
        check_order(tasks, {name: at / name for name in tasks}, self.mistakes)
        return Graph(inputs, tasks, self._outputs(dag.outputs, sources, place / "dag" / "outputs"))

    def _task(  # all that a task is read from
        self, name: str, raw: ir.Task, body: Body, sources: Sources, place: Path, retry: Retry
    ) -> Task:
        bindings = sources.read(name, raw.inputs, place / "inputs")
        component = self.document.components.get(raw.component_ref.name, ir.Component())
        deadline, options = self._pod(name, component, sources)
        if component.task_config_passthroughs and isinstance(body, Component):
            asks = self.at / "components" / raw.component_ref.name / "taskConfigPassthroughs"
            told = tell(component, body, options, bindings, asks, self.mistakes)
            body, options, bindings = told.body, told.options, told.bindings
        loop, bindings = self._loop(raw, bindings, body, sources, place)
        when = self._condition(raw, bindings, body, place / "triggerPolicy" / "condition")
        ignores_failure = raw.trigger_policy.strategy == ALL_COMPLETED
        if raw.trigger_policy.strategy not in _STRATEGIES:
            strategy = raw.trigger_policy.strategy
            self.mistakes.add_unknown(place / "triggerPolicy" / "strategy", "strategy", strategy, _STRATEGIES)
        self._check_required(bindings, body, place / "inputs")
        used = {key: item for key, item in bindings.items() if key in body.inputs or (when and f'["{key}"]' in when)}
        after = []
        for index, other in enumerate(raw.dependent_tasks):
            if other in sources.made:
                after.append(After(other, require_success=not ignores_failure))
            else:
                self.mistakes.add_unknown(place / "dependentTasks" / index, "task", other, sources.made)
        options = merge(self.template, options)
        is_bound = has_bindings(options)
        read = Task(
            name,
            body,
            used,
            tuple(after),
            {} if is_bound else options,
            self._retry(raw, place, retry),
            deadline,
            is_tolerated=ignores_failure,
            when=when,
            loop=loop,
            cache=read_cache(raw.caching_options) if self.is_cached and isinstance(body, Component) else None,
            bound_pod=Compose(options) if is_bound else None,
            falls_back=ignores_failure,
        )
        check_size(read, place, self.mistakes)
        return read

    def _pod(self, name: str, component: ir.Component, sources: Sources) -> tuple[int | None, Mapping[str, Any]]:
        """What the document says of a task's Pods: how many seconds they may run, and their options."""
        label = component.executor_label or ""
        config = self.platform.deployment_spec.executors.get(label, platform_ir.Config())
        options: Mapping[str, Any] = {}
        if label in self.platform.deployment_spec.executors:
            at = self.at / "platforms" / "kubernetes" / "deploymentSpec" / "executors" / label
            options = PodReader(name, sources, at).read(config)
            check_template(options, at, self.catalogue.allowed, self.mistakes)
        if self.platform.pipeline_config.workspace is not None:
            options = merge(options, workspace.OPTIONS)
        return config.active_deadline_seconds or None, options

    def _body(self, raw: ir.Task, place: Path, retry: Retry, trail: tuple[str, ...]) -> Body:
        """What a task runs. Tasks that share a component share one reading of it."""
        name = raw.component_ref.name
        component = self.document.components.get(name)
        if component is None:
            self.mistakes.add_unknown(place / "componentRef" / "name", "component", name, self.document.components)
            return UNKNOWN
        undeclared = tuple(sorted(set(raw.inputs.parameters) - set(component.input_definitions.parameters)))
        key = (name, retry, undeclared if component.dag is None else ())
        if key not in self._bodies:
            self._bodies[key] = self._read_body(name, component, undeclared, retry, (*trail, name), place)
        return self._bodies[key]

    def _read_body(  # all that a body is read from
        self,
        name: str,
        component: ir.Component,
        undeclared: tuple[str, ...],
        retry: Retry,
        trail: tuple[str, ...],
        place: Path,
    ) -> Body:
        at = self.at / "components" / name
        if name in trail[:-1] or len(trail) > DEEPEST:
            shown = " -> ".join(trail)
            what = "hold one another in a cycle" if name in trail[:-1] else f"are nested deeper than {DEEPEST} levels"
            self.mistakes.add(place / "componentRef" / "name", f"the components {what}: {shown}")
            return UNKNOWN
        if component.dag is not None:
            if component.task_config_passthroughs:
                self.mistakes.add(at / "taskConfigPassthroughs", "has no meaning here: a graph has no Pod of its own")
            return self._graph(component, at, retry, trail)
        executor = self.document.deployment_spec.executors.get(component.executor_label or "")
        where = self.at / "deploymentSpec" / "executors" / (component.executor_label or "")
        if executor is None:
            executors = self.document.deployment_spec.executors
            self.mistakes.add_unknown(at / "executorLabel", "executor", component.executor_label or "", executors)
            return UNKNOWN
        if executor.container is not None:
            return read_container(executor.container, component, undeclared, (where / "container", at), self.mistakes)
        if executor.importer is not None:
            return read_importer(executor.importer, component, (where / "importer", at), self.mistakes)
        self.mistakes.add(where, "is neither a container nor an importer: no other executor is supported")
        return UNKNOWN

    def _retry(self, raw: ir.Task, place: Path, around: Retry) -> Retry:
        """That of the task, or of the nearest graph around it that has one."""
        return (
            around if raw.retry_policy is None else read_retry(raw.retry_policy, place / "retryPolicy", self.mistakes)
        )

    def _loop(
        self, raw: ir.Task, bindings: dict[str, Binding], body: Body, sources: Sources, place: Path
    ) -> tuple[Loop | None, dict[str, Binding]]:
        iterator = raw.iterator
        if iterator is None:
            return None, bindings
        at = place / ("parameterIterator" if raw.parameter_iterator else "artifactIterator")
        if iterator.item_input not in body.inputs and body is not UNKNOWN:
            self.mistakes.add_unknown(
                at / "itemInput", "input of its component called", iterator.item_input, body.inputs
            )
        items = read_items(iterator, bindings, at, sources)
        if items is None:
            return None, bindings
        return Loop(items, raw.iterator_policy.parallelism_limit or None), {**bindings, iterator.item_input: Item()}

    def _condition(self, raw: ir.Task, bindings: Mapping[str, Binding], body: Body, place: Path) -> str | None:
        text = raw.trigger_policy.condition
        if not text:
            return None
        if raw.iterator is not None:
            self.mistakes.add(place, "a task with a condition cannot be a loop as well: put the loop into a graph")
        lists = {name for name, declared in body.inputs.items() if item_type(declared.type) is not None}
        return read_condition(text, bindings, lists, place, self.mistakes)

    def _check_required(self, bindings: Mapping[str, Binding], body: Body, place: Path) -> None:
        for name, declared in body.inputs.items():
            if name not in bindings and not declared.may_be_absent:
                self.mistakes.add(place, f"the required input {name!r} is missing")

    def _outputs(self, outputs: ir.DagOutputs, sources: Sources, place: Path) -> dict[str, Binding]:
        found: dict[str, Binding | None] = {}
        for name, parameter in outputs.parameters.items():
            at = place / "parameters" / name
            selectors = [parameter.value_from_parameter] if parameter.value_from_parameter else []
            if parameter.value_from_oneof:
                selectors += parameter.value_from_oneof.parameter_selectors
            choices = [sources.output(one.producer_subtask, one.output_parameter_key, at) for one in selectors]
            found[name] = choices[0] if len(choices) == 1 else sources.first_of(choices)
        for name, artifact in outputs.artifacts.items():
            at = place / "artifacts" / name
            made = [
                sources.output(one.producer_subtask, one.output_artifact_key, at) for one in artifact.artifact_selectors
            ]
            found[name] = made[0] if len(made) == 1 else sources.first_of(made)
        return {name: binding for name, binding in found.items() if binding is not None}


def _handing_on(declared: Input) -> Input:
    """An input of a nested graph. Of a list's items the compiler knows no type and says STRING, whatever they are."""
    is_text = declared.is_parameter and declared.type == STRING
    return replace(declared, type=ANY, declared=True) if is_text else declared
