"""Reads `forEach`: what a task is repeated for."""

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

from levada.api.bindings import Binding as BindingSpec
from levada.api.limits import MOST_ITEMS, MOST_TASKS
from levada.frontend.bindings import read_items
from levada.frontend.each import Each
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.schema import check_schema
from levada.frontend.scope import Scope
from levada.frontend.shape import mapping, sequence
from levada.graph.model import Literal, Loop, Task
from levada.graph.types import LIST, ValueMismatchError, check_value

DEFAULT_NAME = "item"


def read_loop(raw: Mapping[str, Any], written: list[Any] | None, path: Path, scope: Scope) -> tuple[Loop | None, Each]:
    """The loop that a `forEach` describes, if it can be one, and the item as its iterations see it.

    Parameters
    ----------
    raw
        The `forEach`.
    written
        Its items, where they are written out (`written_items`).
    path
        Where it stands.
    scope
        What may be bound to its items.
    """
    name, parallelism = raw.get("as", DEFAULT_NAME), raw.get("parallelism")
    name = name if isinstance(name, str) else DEFAULT_NAME
    if written is not None:
        return Loop(Literal(written), parallelism), Each(name, written)
    if not isinstance(raw.get("items"), dict):
        if "items" in raw:
            scope.mistakes.add(path / "items", "expected a list, or a binding such as {task: t, output: o}")
        return None, Each(name, is_known=False)
    check_schema(BindingSpec, raw["items"], path / "items", scope.mistakes)
    binding, each = read_items(raw["items"], name, path / "items", scope)
    return Loop(binding, parallelism) if binding is not None else None, each


def check_size(task: Task, path: Path, mistakes: Mistakes) -> None:
    """Refuse a loop whose written items alone make more tasks than a run may have."""
    items = task.loop.items.value if task.loop and isinstance(task.loop.items, Literal) else None
    tasks = len(items) * task.size if isinstance(items, list) else 0
    if tasks > MOST_TASKS:
        message = f"the iterations have {tasks:,} tasks in all, and a run at most {MOST_TASKS:,}; loop over fewer items"
        mistakes.add(path, message)


def written_items(raw: Any, path: Path, mistakes: Mistakes) -> list[Any] | None:
    """The items of a `forEach` that are written out, as a list or as a matrix; None where they come from elsewhere."""
    raw = mapping(raw)
    if isinstance(raw.get("items"), list):
        return _normal(raw["items"], path / "items", mistakes)
    if not isinstance(raw.get("matrix"), dict):
        return None
    if not raw["matrix"]:
        mistakes.add(path / "matrix", "expected at least one list of values by its name, such as {lr: [0.1, 0.2]}")
        return []
    # By name: the API server keeps no order of keys, and an item's index is the same everywhere.
    axes = sorted((name, sequence(values)) for name, values in raw["matrix"].items())
    size = math.prod(len(values) for _, values in axes)
    if size > MOST_ITEMS:
        mistakes.add(path / "matrix", f"has {size:,} combinations, more than {MOST_ITEMS:,}")
        return []
    names = [name for name, _ in axes]
    combinations = product(*(values for _, values in axes))
    items = [dict(zip(names, values, strict=True)) for values in combinations]
    return _normal(items, path / "matrix", mistakes)


def _normal(items: list[Any], path: Path, mistakes: Mistakes) -> list[Any]:
    if len(items) > MOST_ITEMS:
        mistakes.add(path, f"has {len(items):,} items, more than {MOST_ITEMS:,}")
        return []
    try:
        return list(check_value(LIST, items))
    except ValueMismatchError as error:
        mistakes.add(path, str(error))
        return []
