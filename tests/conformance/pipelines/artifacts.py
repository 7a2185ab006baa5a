"""Artifacts with content and metadata, through a nested pipeline."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output


@dsl.component
def make(data: Output[Dataset]):
    from pathlib import Path

    Path(data.path).write_text("1 2 3")
    data.metadata["rows"] = 3


@dsl.component
def train(data: Input[Dataset], model: Output[Model]) -> int:
    from pathlib import Path

    numbers = [int(one) for one in Path(data.path).read_text().split()]
    Path(model.path).write_text(str(sum(numbers)))
    return data.metadata["rows"]


@dsl.pipeline(name="inner")
def inner(data: Input[Dataset]) -> int:
    return train(data=data).outputs["Output"]


@dsl.pipeline(name="artifacts")
def pipeline() -> int:
    return inner(data=make().outputs["data"]).output


ROWS = ("artifacts", "artifact metadata", "nested pipelines", "artifact inputs of a nested pipeline")
OUTPUTS = {"Output": 3}
TASKS = {"inner.train": {"Output": 3}}
