"""Whether two graphs mean the same, task by task."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from levada.graph.model import (
    Binding,
    Collect,
    Component,
    Graph,
    Input,
    Literal,
    OneOf,
    Task,
    TaskOutput,
    inner,
)
from levada.graph.policies import NO_RETRY
from levada.graph.types import STRING, as_text

_NOTHING = Literal(None)


def settled(graph: Graph) -> Graph:
    """`graph` without what makes no difference to its runs: two that mean the same are equal then."""
    return replace(
        graph,
        inputs=_inputs(graph.inputs),
        tasks={name: _task(task) for name, task in graph.tasks.items()},
        finals={name: _task(task) for name, task in graph.finals.items()},
    )


def differences(wanted: Graph, found: Graph, trail: str = "") -> Iterator[tuple[str, str]]:
    """The path of each task that is not the same in both, `""` for the pipeline itself, and what differs.

    Both are `settled`.
    """
    for name in _unequal(wanted, found):
        if name not in ("tasks", "finals"):
            yield trail.removesuffix("."), name
    for ours, theirs in ((wanted.tasks, found.tasks), (wanted.finals, found.finals)):
        for name in dict.fromkeys([*ours, *theirs]):
            if name in ours and name in theirs:
                yield from _of_task(ours[name], theirs[name], f"{trail}{name}")
            else:
                yield f"{trail}{name}", "name"


def _of_task(wanted: Task, found: Task, path: str) -> Iterator[tuple[str, str]]:
    for name in _unequal(wanted, found):
        if name != "body":
            yield path, name
    if isinstance(wanted.body, Graph) and isinstance(found.body, Graph):
        yield from differences(wanted.body, found.body, f"{path}.")
    elif wanted.body != found.body:
        same_kind = type(wanted.body) is type(found.body)
        names = " and ".join(_unequal(wanted.body, found.body)) if same_kind else "kind"
        yield path, f"{names} of what it runs"


def _unequal(wanted: Any, found: Any) -> list[str]:
    """The names of the fields that are not the same in two things of one kind."""
    names = [each.name for each in fields(wanted) if each.compare]
    return [name for name in names if getattr(wanted, name) != getattr(found, name)]


def _inputs(declared: Mapping[str, Input]) -> dict[str, Input]:
    """Of an artifact it makes no difference whether its type was declared."""
    return {name: item if item.is_parameter else replace(item, declared=True) for name, item in declared.items()}


def _task(task: Task) -> Task:
    body = task.body
    if isinstance(body, Component):
        body = replace(body, inputs=_inputs(body.inputs))
    elif isinstance(body, Graph):
        # A graph has no Pod; its tasks have policies of their own.
        body = settled(body)
        task = replace(task, retry=NO_RETRY, cache=None, pod={}, timeout=None)
    given = {name: _literal(binding, body.inputs.get(name)) for name, binding in task.inputs.items()}
    if isinstance(body, Graph) and not body.tasks:
        body, given = _without_unused(body, given)
    given = {name: binding for name, binding in given.items() if not _is_nothing(binding, body.inputs.get(name))}
    falls_back = task.falls_back and any(
        _may_fail(binding) and name in body.inputs and body.inputs[name].may_be_absent
        for name, binding in given.items()
    )
    return replace(task, body=body, inputs=given, falls_back=falls_back)


def _literal(binding: Binding, target: Input | None) -> Binding:
    """A value for an input that takes everything by its text: that text."""
    if target is not None and _is_text(target) and isinstance(binding, Literal) and binding != _NOTHING:
        return Literal(as_text(binding.value))
    return binding


def _is_nothing(binding: Binding, target: Input | None) -> bool:
    """Whether an input is given null, which is as good as nothing."""
    return binding == _NOTHING and target is not None and target.may_be_absent


def _is_text(declared: Input) -> bool:
    """Whether an input takes everything, by its text."""
    return declared.is_parameter and not declared.declared and declared.type == STRING


def _without_unused(importer: Graph, given: Mapping[str, Binding]) -> tuple[Graph, dict[str, Binding]]:
    """An importer without the inputs that it does not look at, as far as a text is given for them."""
    unused = {
        name
        for name, declared in importer.inputs.items()
        if _is_text(declared)
        and given.get(name, _NOTHING) != _NOTHING
        and isinstance(given[name], Literal)
        and not any(_names(out, name) for out in importer.outputs.values())
    }
    kept = {name: declared for name, declared in importer.inputs.items() if name not in unused}
    return replace(importer, inputs=kept), {name: bound for name, bound in given.items() if name not in unused}


def _names(binding: Any, parameter: str) -> bool:
    return getattr(binding, "name", None) == parameter or any(_names(part, parameter) for part in inner(binding))


def _may_fail(binding: Any) -> bool:
    """Whether a binding needs something that another task made."""
    return isinstance(binding, TaskOutput | Collect | OneOf) or any(map(_may_fail, inner(binding)))
