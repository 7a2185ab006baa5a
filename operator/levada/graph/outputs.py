"""What a task offers to others: the outputs of its component, or of its graph with the types that follow from it."""

from __future__ import annotations

from collections.abc import Mapping

from levada.graph.model import (
    Approval,
    Binding,
    Claim,
    Collect,
    Component,
    Compose,
    External,
    FinalStatus,
    Graph,
    Literal,
    OneOf,
    Output,
    Parameter,
    RunFact,
    TaskOutput,
    Text,
)
from levada.graph.types import DICT, LIST, STRING, natural_type


def offered(body: Component | Graph | Approval | Claim) -> Mapping[str, Output]:
    """The outputs of one execution of `body`, by name."""
    if not isinstance(body, Graph):
        return body.outputs
    found = {name: _made(body, name) for name in body.outputs}
    return {name: output for name, output in found.items() if output is not None}


def _made(body: Component | Graph | Approval | Claim, name: str) -> Output | None:
    """One of the outputs. Not out of `offered`: in graphs nested deeply that is all outputs of each to a high power."""
    if not isinstance(body, Graph):
        return body.outputs.get(name)
    return typed(name, body.outputs[name], body) if name in body.outputs else None


def typed(name: str, binding: Binding, graph: Graph) -> Output | None:
    """What `binding`, among the tasks and inputs of `graph`, gives under that name; None where that is not known."""
    if isinstance(binding, Literal):
        return Output(name, natural_type(binding.value), is_parameter=True)
    if isinstance(binding, Parameter):
        source = graph.inputs.get(binding.name)
        return Output(name, source.type, source.is_parameter) if source else None
    if isinstance(binding, External):
        return Output(name, binding.type, is_parameter=False)
    if isinstance(binding, RunFact | Text | Compose | FinalStatus):
        return Output(name, _told(binding), is_parameter=True)
    if isinstance(binding, OneOf):
        known = (typed(name, choice, graph) for choice in binding.choices)
        return next((output for output in known if output), None)
    if isinstance(binding, TaskOutput | Collect):
        task = graph.tasks.get(binding.task) or graph.finals.get(binding.task)
        made = _made(task.body, binding.output) if task else None
        if made is None:
            return None
        return collected(name, made) if isinstance(binding, Collect) else Output(name, made.type, made.is_parameter)
    return None


def _told(binding: RunFact | Text | Compose | FinalStatus) -> str:
    """The type of a value that no task made."""
    if isinstance(binding, Compose):
        return natural_type(binding.shape)
    if isinstance(binding, FinalStatus):
        return DICT
    return LIST if isinstance(binding, RunFact) and binding.fact == "failures" else STRING


def collected(name: str, made: Output) -> Output:
    """What a loop gives of an output that each of its iterations makes: a List, or a list of artifacts."""
    return Output(name, LIST if made.is_parameter else f"List[{made.type}]", made.is_parameter)
