"""Where what a Kubeflow task takes comes from, as bindings."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from levada.frontend.kfp import ir
from levada.frontend.kfp.constants import read_constant
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import (
    Binding,
    Collect,
    Field,
    FinalStatus,
    Input,
    Literal,
    OneOf,
    Output,
    Parameter,
    TaskOutput,
)
from levada.graph.types import LIST

_STEP = r"""\[\s*(?:"([^"\\]*)"|'([^'\\]*)'|(\d+))\s*\]"""
_SELECTOR = re.compile(rf"\s*parseJson\(\s*string_value\s*\)((?:{_STEP})*)\s*")


@dataclass(frozen=True, slots=True)
class Sources:
    """What the tasks of one graph may take: its inputs, and what its tasks make.

    Attributes
    ----------
    inputs
        Of the graph.
    made
        Of each task what one execution of it makes.
    loops
        The tasks that are repeated.
    """

    inputs: Mapping[str, Input]
    made: Mapping[str, Mapping[str, Output]]
    loops: frozenset[str]
    mistakes: Mistakes

    def read(self, task: str, inputs: ir.TaskInputs, place: Path) -> dict[str, Binding]:
        """The bindings of a task; constants last, since they may name its other inputs."""
        found: dict[str, Binding] = {}
        for name, artifact in inputs.artifacts.items():
            if (binding := self._artifact(artifact, place / "artifacts" / name)) is not None:
                found[name] = binding
        constants = {name: item for name, item in inputs.parameters.items() if item.runtime_value is not None}
        for name, parameter in inputs.parameters.items():
            at = place / "parameters" / name if name else place
            if name not in constants and (binding := self._parameter(parameter, at)) is not None:
                found[name] = self._selected(binding, parameter.parameter_expression_selector, at)
        for name, parameter in constants.items():
            at = (place / "parameters" / name if name else place) / "runtimeValue"
            assert parameter.runtime_value is not None
            if parameter.runtime_value.runtime_parameter is not None:
                self.mistakes.add(at / "runtimeParameter", "is of an older schema: use componentInputParameter")
            constant = read_constant(parameter.runtime_value.constant, task, found, at / "constant", self.mistakes)
            found[name] = self._selected(constant, parameter.parameter_expression_selector, at)
        return found

    def value(self, task: str, parameter: ir.TaskParameter, place: Path) -> Any:
        """A value that is written out, or a binding; of a task's own settings rather than its inputs."""
        found = self.read(task, ir.TaskInputs(parameters={"": parameter}), place).get("")
        return found.value if isinstance(found, Literal) else found

    def output(self, task: str, name: str, place: Path) -> Binding | None:
        """What a task makes, of a loop what all its iterations make."""
        if task not in self.made:
            self.mistakes.add_unknown(place, "task", task, self.made)
            return None
        if name not in self.made[task]:
            self.mistakes.add_unknown(place, f"output of task {task!r} called", name, self.made[task])
            return None
        # What a branch not taken did not make in one iteration is no item of the list.
        return Collect(task, name, "Omit") if task in self.loops else TaskOutput(task, name)

    def is_list(self, binding: Binding) -> bool:
        """Whether a binding is known to give a List, and not text that is one as JSON."""
        if isinstance(binding, Parameter):
            return self.inputs[binding.name].type == LIST
        if isinstance(binding, TaskOutput):
            return self.made[binding.task][binding.output].type == LIST
        return isinstance(binding, Collect) or (isinstance(binding, Literal) and isinstance(binding.value, list))

    def first_of(self, choices: list[Binding | None]) -> Binding | None:
        """What the first of exclusive branches makes that ran."""
        known = tuple(choice for choice in choices if isinstance(choice, TaskOutput))
        return OneOf(known) if known else None

    def _parameter(self, parameter: ir.TaskParameter, place: Path) -> Binding | None:
        if parameter.component_input_parameter is not None:
            return self._input(parameter.component_input_parameter, place / "componentInputParameter")
        if parameter.task_output_parameter is not None:
            produced = parameter.task_output_parameter
            return self.output(produced.producer_task, produced.output_parameter_key, place / "taskOutputParameter")
        if parameter.task_final_status is not None:
            task = parameter.task_final_status.producer_task
            if task in self.made:
                return FinalStatus(task)
            self.mistakes.add_unknown(place / "taskFinalStatus", "task", task, self.made)
            return None
        self.mistakes.add(place, "says nothing about where the value comes from")
        return None

    def _artifact(self, artifact: ir.TaskArtifact, place: Path) -> Binding | None:
        if artifact.component_input_artifact is not None:
            return self._input(artifact.component_input_artifact, place / "componentInputArtifact")
        if artifact.task_output_artifact is not None:
            produced = artifact.task_output_artifact
            return self.output(produced.producer_task, produced.output_artifact_key, place / "taskOutputArtifact")
        self.mistakes.add(place, "says nothing about where the artifact comes from")
        return None

    def _input(self, name: str, place: Path) -> Binding | None:
        if name in self.inputs:
            return Parameter(name)
        self.mistakes.add_unknown(place, "input of the graph called", name, self.inputs)
        return None

    def _selected(self, binding: Binding, selector: str, place: Path) -> Binding:
        if not selector:
            return binding
        match = _SELECTOR.fullmatch(selector)
        if match is None:
            self.mistakes.add(
                place / "parameterExpressionSelector",
                f"""{selector!r} is not supported: only parseJson(string_value)["key"] is""",
            )
            return binding
        steps = re.findall(_STEP, match[1])
        return Field(binding, tuple("".join(step) for step in steps))


def read_items(iterator: ir.Iterator, bound: Mapping[str, Binding], place: Path, sources: Sources) -> Binding | None:
    """What a loop goes over; its task's own inputs are `bound`."""
    mistakes = sources.mistakes
    items = iterator.items
    name = items.input_parameter or items.input_artifact
    if name is not None:
        if name not in bound:
            mistakes.add_unknown(place / "items", "input of the task called", name, bound)
            return None
        is_text = items.input_parameter and not sources.is_list(bound[name])
        return Field(bound[name]) if is_text else bound[name]
    return _written_out(items.raw or "", place / "items" / "raw", mistakes)


def _written_out(raw: str, place: Path, mistakes: Mistakes) -> Binding | None:
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        mistakes.add(place, "expected a list as JSON text")
        return None
    return read_constant(items, "", {}, place, mistakes)
