"""Bindings: where an input's value comes from, and whether it may come from there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from levada.frontend.composed import Read, read_dict, read_list, read_text
from levada.frontend.each import Each, each_of
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.parameters import describe_type
from levada.frontend.scope import Offer, Scope
from levada.frontend.shape import mapping, sequence
from levada.graph.model import (
    Binding,
    Collect,
    External,
    Fact,
    Field,
    FinalStatus,
    Input,
    Item,
    Literal,
    Missing,
    OneOf,
    Output,
    Parameter,
    RunFact,
    TaskOutput,
)
from levada.graph.outputs import collected
from levada.graph.types import (
    ANY,
    ANY_ARTIFACT,
    DICT,
    INTEGER,
    LIST,
    STRING,
    ValueMismatchError,
    artifacts_match,
    as_text,
    check_value,
    fits,
    natural_type,
)

_COMPOSED: Final[Mapping[str, tuple[str, Callable[[Any, Path, Read], Binding]]]] = {
    "concat": (STRING, read_text),
    "list": (LIST, read_list),
    "dict": (DICT, read_dict),
}
_INDEX = Input("at", INTEGER, is_parameter=True)
"""What `at` takes."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What a binding leads to: one thing, or in `oneOf` several.

    Attributes
    ----------
    ends
        For each its type (None where it is not known), what it is called, and where it is named.
    """

    binding: Binding
    ends: tuple[tuple[Input | Output | None, str, Path], ...]


def read_binding(raw: Any, target: Input | None, path: Path, scope: Scope) -> Binding | None:
    """The binding that `raw` describes, if it can be one.

    Parameters
    ----------
    raw
        The binding as it is written. The schema has seen whether it has exactly one source.
    target
        The input that it feeds; None for what takes everything, such as a name in a condition.
    path
        Where it stands.
    scope
        The names that it may use.
    """
    source = _find(raw, target, path, scope)
    if source is None:
        return None
    for end, called, place in source.ends:
        _connect(called, end, target, place, scope.mistakes)
    return source.binding


def read_result(name: str, raw: Any, path: Path, scope: Scope) -> tuple[Binding | None, Output | None]:
    """The binding of the pipeline's output `name`, and that output as far as it is known."""
    source = _find(raw, None, path, scope)
    if source is None:
        return None, None
    known = next((end for end, _, _ in source.ends if end), None)
    return source.binding, Output(name, known.type, known.is_parameter) if known else None


def read_items(raw: Any, name: str, path: Path, scope: Scope) -> tuple[Binding | None, Each]:
    """The binding that gives a loop's items, and the item, which is called `name`, as its iterations see it."""
    source = _find(raw, None, path, scope)
    if source is None:
        return None, Each(name, is_known=False)
    eachs = [each_of(name, end, called, place, scope.mistakes) for end, called, place in source.ends]
    return source.binding, eachs[0]


def _find(raw: Any, target: Input | None, path: Path, scope: Scope) -> _Source | None:
    """What a binding leads to; `target` is what it feeds."""
    raw = mapping(raw)
    if "path" in raw:
        return _find_inside(raw, target, path, scope)
    if "value" in raw:
        return _find_literal(raw["value"], target, path / "value", scope.mistakes)
    if "item" in raw:
        return _find_item(raw["item"], target, path / "item", scope)
    find = next((finder for key, finder in _FINDERS.items() if key in raw), None)
    return find(raw, path, scope) if find else None


def _find_literal(value: Any, target: Input | None, path: Path, mistakes: Mistakes) -> _Source | None:
    if target is not None and not target.is_parameter:
        mistakes.add(
            path,
            f"input {target.name!r} takes {describe_type(target)}, not a value: bind a task's output or {{uri: ...}}",
        )
        return None
    try:
        value = check_value(target.type if target is not None and target.declared else natural_type(value), value)
    except ValueMismatchError as error:
        mistakes.add(path, str(error))
        return None
    if target is not None and not target.declared and target.type == STRING:
        value = as_text(value)
    return _Source(Literal(value), ((Output("value", natural_type(value), is_parameter=True), "the value", path),))


def _find_item(text: Any, target: Input | None, path: Path, scope: Scope) -> _Source | None:
    if not isinstance(text, str):
        return None
    name, *steps = text.split(".")
    if scope.each is None:
        scope.mistakes.add(path, "only a task with forEach has an item")
        return None
    if name != scope.each.name:
        scope.mistakes.add_unknown(path, "item", name, [scope.each.name])
        return None
    scope.each.check(steps, target, path, scope.mistakes)
    return _Source(Item(tuple(steps)), ())


def _find_uri(raw: Mapping[str, Any], path: Path, _: Scope) -> _Source | None:
    made = Output("uri", ANY_ARTIFACT, is_parameter=False)
    return _Source(External(raw["uri"]), ((made, "a uri", path / "uri"),)) if isinstance(raw["uri"], str) else None


def _find_parameter(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    name = raw["parameter"]
    source = scope.parameter(name, path / "parameter") if isinstance(name, str) else None
    return _Source(Parameter(name), ((source, f"parameter {name!r}", path / "parameter"),)) if source else None


def _find_output(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    """`{task: name, output: name}`, and with `at` that of one iteration."""
    task, output = raw["task"], raw.get("output")
    offer = scope.task(task, path / "task") if isinstance(task, str) else None
    if offer is None:
        return None
    at = read_binding(raw["at"], _INDEX, path / "at", scope) if "at" in raw else None
    _check_index(task, offer, at, path / "at", scope.mistakes)
    if not isinstance(output, str) or not _is_made(task, offer, output, path, scope.mistakes):
        return None
    made = offer.made(output)
    if offer.is_loop and "at" not in raw:
        made = None
        scope.mistakes.add(
            path, f"the task {task!r} is a loop: take the output of one iteration by `at`, or of all by `collect`"
        )
    return _Source(TaskOutput(task, output, at), ((made, f"output {output!r} of task {task!r}", path),))


def _check_index(task: str, offer: Offer, at: Binding | None, path: Path, mistakes: Mistakes) -> None:
    if at is not None and not offer.is_loop:
        mistakes.add(path, f"the task {task!r} is no loop (forEach): leave `at` out")
    elif isinstance(at, Literal):
        if at.value < 0:
            mistakes.add(path, "iterations are counted from 0")
        elif offer.length is not None and at.value >= offer.length:
            mistakes.add(path, f"there is no iteration {at.value}: the task {task!r} has {offer.length} items")


def _is_made(task: str, offer: Offer, output: str, path: Path, mistakes: Mistakes) -> bool:
    """Whether a task has an output of that name, as far as that is known; noted where not."""
    if offer.outputs is None or output in offer.outputs:
        return True
    if offer.is_gate:
        mistakes.add(path / "task", f"the task {task!r} is an approval and has no outputs: name it in `after`")
    else:
        mistakes.add_unknown(path / "output", f"output of task {task!r} called", output, offer.outputs)
    return False


def _find_collected(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    """`{collect: {task: name, output: name}}`."""
    path, raw = path / "collect", mapping(raw["collect"])
    task, output, missing = raw.get("task"), raw.get("output"), raw.get("missing", "Fail")
    offer = scope.task(task, path / "task") if isinstance(task, str) else None
    if offer is None or not isinstance(task, str) or not isinstance(output, str):
        return None
    if not offer.is_loop:
        scope.mistakes.add(path / "task", f"the task {task!r} is no loop (forEach): bind {{task: {task}, output: ...}}")
        return None
    if missing not in get_args(Missing) or not _is_made(task, offer, output, path, scope.mistakes):
        return None
    made = offer.made(output)
    whole = collected(output, made) if made else None
    if whole is not None and not whole.is_parameter and missing == "Null":
        scope.mistakes.add(path / "missing", "a list of artifacts holds no null: use Omit or Fail")
    called = f"the collected output {output!r} of task {task!r}"
    return _Source(Collect(task, output, missing), ((whole, called, path),))


def _find_choices(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    choices: list[TaskOutput] = []
    ends: list[tuple[Input | Output | None, str, Path]] = []
    for index, choice in enumerate(map(mapping, sequence(raw["oneOf"]))):
        source = _find_output(choice, path / "oneOf" / index, scope) if "task" in choice else None
        if source is not None and isinstance(source.binding, TaskOutput):
            choices.append(source.binding)
            ends += source.ends
    if raw["oneOf"] == []:
        scope.mistakes.add(path / "oneOf", "expected at least one task to take the value from")
    return _Source(OneOf(tuple(choices)), tuple(ends)) if choices else None


def _find_fact(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    """`{run: fact}`; the schema has seen whether there is such a fact."""
    fact = raw["run"]
    if fact not in get_args(Fact):
        return None
    if fact in ("phase", "failures") and not scope.is_final:
        scope.mistakes.add(path / "run", f"{{run: {fact}}} is known in finally only")
    made = Output(fact, LIST if fact == "failures" else STRING, is_parameter=True)
    return _Source(RunFact(fact), ((made, f"the run's {fact}", path / "run"),))


def _find_status(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    """`{status: task}`."""
    task, place = raw["status"], path / "status"
    if not isinstance(task, str) or scope.task(task, place) is None:
        return None
    made = Output("status", DICT, is_parameter=True)
    return _Source(FinalStatus(task), ((made, f"the status of task {task!r}", place),))


def _find_inside(raw: Mapping[str, Any], target: Input | None, path: Path, scope: Scope) -> _Source | None:
    """What the `path` of a binding leads to: its type is known at run time only."""
    source = _find({name: value for name, value in raw.items() if name != "path"}, None, path, scope)
    if source is None or not isinstance(raw["path"], str):
        return None
    place = path / "path"
    for end, called, _ in source.ends:
        if end is not None and not end.is_parameter:
            scope.mistakes.add(place, f"{called} is {describe_type(end)}, which has no fields")
    if target is not None and not target.is_parameter:
        takes = describe_type(target)
        scope.mistakes.add(place, f"input {target.name!r} takes {takes}, but what a path leads to is a value")
    steps = tuple(raw["path"].split(".")) if raw["path"] else ()
    return _Source(Field(source.binding, steps), ((None, "what the path leads to", place),))


def _find_composed(raw: Mapping[str, Any], path: Path, scope: Scope) -> _Source | None:
    """`{concat: [...]}`, `{list: [...]}` and `{dict: {...}}`."""

    def read(inside: Any, place: Path) -> Binding | None:
        found = _find(inside, None, place, scope)
        return found.binding if found else None

    kind = next(kind for kind in _COMPOSED if kind in raw)
    type_, compose = _COMPOSED[kind]
    made = Output(kind, type_, is_parameter=True)
    return _Source(compose(raw[kind], path / kind, read), ((made, f"the {kind}", path / kind),))


_FINDERS: Final[Mapping[str, Callable[[Mapping[str, Any], Path, Scope], _Source | None]]] = {
    "parameter": _find_parameter,
    "task": _find_output,
    "uri": _find_uri,
    "collect": _find_collected,
    "oneOf": _find_choices,
    "run": _find_fact,
    "status": _find_status,
    **dict.fromkeys(_COMPOSED, _find_composed),
}


def _connect(name: str, source: Input | Output | None, target: Input | None, path: Path, mistakes: Mistakes) -> None:
    """Refuse an edge between types that do not fit."""
    if target is None or source is None:
        return
    if source.is_parameter and target.is_parameter:
        matches = not target.declared or source.type == ANY or fits(source.type, target.type)
    else:
        matches = source.is_parameter == target.is_parameter and artifacts_match(source.type, target.type)
    if not matches:
        mistakes.add(
            path, f"input {target.name!r} takes {describe_type(target)}, but {name} is {describe_type(source)}"
        )
