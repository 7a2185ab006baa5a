"""Loops over a constant and over what a task found, one in another, with a limit; and what they collect."""

from kfp import dsl


@dsl.component
def found() -> list:
    return [1, 2, 3]


@dsl.component
def times(a: int, b: int) -> int:
    return a * b


@dsl.component
def total(numbers: list) -> int:
    return sum(numbers)


@dsl.component
def depth(numbers: list) -> str:
    return str([[int(one) for one in row] for row in numbers])


@dsl.component
def field(label: str) -> str:
    return label


@dsl.pipeline(name="loops")
def pipeline() -> int:
    with dsl.ParallelFor(found().output, parallelism=2) as a:
        single = times(a=a, b=10)
    with dsl.ParallelFor([1, 2]) as c, dsl.ParallelFor([5, 6]) as d:
        pair = times(a=c, b=d)
    with dsl.ParallelFor([{"label": "x", "n": 1}, {"label": "y", "n": 2}]) as item:
        field(label=item.label)
    depth(numbers=dsl.Collected(pair.output))
    return total(numbers=dsl.Collected(single.output)).output


ROWS = (
    "loops over constants",
    "loops over outputs",
    "nested loops",
    "parallelism",
    "Collected parameters",
    "fields of a loop's item",
    "`parameterExpressionSelector`",
)
OUTPUTS = {"Output": 60}
TASKS = {"depth": {"Output": "[[5, 6], [10, 12]]"}}
