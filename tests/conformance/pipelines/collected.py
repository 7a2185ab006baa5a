"""Artifacts that a loop made, as a list; and the artifact of the branch that was taken."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def part(number: int, data: Output[Dataset]):
    from pathlib import Path

    Path(data.path).write_text(str(number))


@dsl.component
def join(parts: Input[list[Dataset]]) -> str:
    from pathlib import Path

    return ",".join(Path(one.path).read_text() for one in parts)


@dsl.component
def flag() -> bool:
    return False


@dsl.component
def read(data: Input[Dataset]) -> str:
    from pathlib import Path

    return Path(data.path).read_text()


@dsl.pipeline(name="taken")
def taken() -> Dataset:
    decided = flag()
    with dsl.If(decided.output == True):
        first = part(number=1)
    with dsl.Else():
        second = part(number=2)
    return dsl.OneOf(first.outputs["data"], second.outputs["data"])


@dsl.pipeline(name="collected")
def pipeline() -> str:
    with dsl.ParallelFor([3, 1, 2]) as number:
        made = part(number=number)
    read(data=taken().output)
    return join(parts=dsl.Collected(made.outputs["data"])).output


ROWS = ("Collected artifacts", "artifact lists", "OneOf of artifacts", "BOOLEAN in a condition")
OUTPUTS = {"Output": "3,1,2"}
TASKS = {"read": {"Output": "2"}}
