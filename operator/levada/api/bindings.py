"""Bindings: where a value comes from."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from levada.api.base import Model, one_of
from levada.api.fields import Anything, Checked, InnerPath, ItemPath, TaskName, ValueName


class Choice(Model):
    """One of the outputs that a value may come from."""

    task: TaskName
    """A task of the same pipeline."""

    output: ValueName
    """The output that is taken."""

    at: Annotated["Binding | None", Checked] = None
    """Of a loop: the index of the iteration whose output is taken, itself a binding."""


class Collect(Model):
    """An output of every iteration of a loop."""

    task: TaskName
    """A task with `forEach`."""

    output: ValueName
    """The output that is taken of each iteration."""

    missing: Literal["Fail", "Omit", "Null"] = "Fail"
    """What stands for an output that an iteration did not make: `Fail` does without nothing, `Omit` leaves it out,
    `Null` puts null in its place."""


def _part(value: object) -> object:
    """Read the short form: `concat: [a]` is `concat: [{value: a}]`."""
    return {"value": value} if isinstance(value, str) else value


class Binding(Model):
    """Where a value comes from.

    Exactly one of `value`, `parameter`, `task` with `output`, `uri`, `item`, `collect`, `oneOf`, `run`, `status`,
    `concat`, `list` or `dict`.
    """

    LOCATION = "binding"
    EXACTLY_ONE = (
        *("value", "parameter", "task", "uri", "item", "collect", "oneOf", "run", "status"),
        *("concat", "list", "dict"),
    )
    model_config = one_of(*EXACTLY_ONE)

    value: Any = None
    """A literal value. There is no null: it means absent, and an input that gets nothing is left out."""

    parameter: ValueName | None = None
    """A parameter of the pipeline."""

    task: TaskName | None = None
    """A task of the same pipeline, whose `output` is taken."""

    output: ValueName | None = None
    """The output of `task`."""

    at: Annotated["Binding | None", Checked] = None
    """Where `task` is a loop: the index of the iteration whose output is taken, itself a binding."""

    uri: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://", max_length=4096)] | None = None
    """An artifact that exists already, such as `s3://bucket/folder/`."""

    item: ItemPath | None = None
    """The item of this task's `forEach`, by its name, or something in it: `point.lr`."""

    collect: Collect | None = None
    """An output of every iteration of a loop, as a list in the order of the items."""

    one_of: Annotated[tuple[Choice, ...], Field(max_length=100, json_schema_extra={"minItems": 1})] | None = None
    """Of exclusive branches, the first that succeeded."""

    run: Literal["name", "namespace", "uid", "startTime", "phase", "failures"] | None = None
    """A fact about the run. `phase` and `failures` are known in `finally` only."""

    status: TaskName | None = None
    """How that task of the same pipeline ended: a Dict of `state`, `error` and more."""

    concat: (
        Annotated[tuple[Annotated["Binding", BeforeValidator(_part), Anything], ...], Field(max_length=256)] | None
    ) = None
    """A String of several parts: text, and bindings by their text."""

    list_: Annotated[tuple[Annotated["Binding", Checked], ...], Field(max_length=10_000)] | None = Field(
        default=None, alias="list"
    )
    """A List made of bindings."""

    dict_: Annotated[dict[str, Annotated["Binding", Checked]], Field(max_length=1000)] | None = Field(
        default=None, alias="dict"
    )
    """A Dict made of bindings."""

    path: InnerPath | None = None
    """What keys and indices lead to in the value: `train.lr`. Text is read as JSON; an empty path is all of it."""

    @model_validator(mode="after")
    def _task_with_output(self) -> Self:
        if (self.task is None) != (self.output is None):
            raise PydanticCustomError("task_and_output", "task and output belong together")
        if self.at is not None and self.task is None:
            raise PydanticCustomError("at_of_task", "at belongs to a task and its output")
        return self


Bindings = Annotated[dict[ValueName, Binding], Field(max_length=256)]

Choice.model_rebuild()  # choices hold bindings
