"""An artifact from elsewhere, with metadata; the names by which a task knows the run."""

from pathlib import Path

from kfp import dsl
from kfp.dsl import Dataset, Input

_FILE = Path(__file__).resolve()


@dsl.component
def look(data: Input[Dataset]) -> str:
    from pathlib import Path

    first = Path(data.path).read_text().splitlines()[0]
    return f"{first} {data.metadata['source']} {data.metadata['rows']}"


@dsl.component
def echo(text: str) -> str:
    return text


@dsl.pipeline(name="imported")
def pipeline(source: str = "web") -> str:
    data = dsl.importer(
        artifact_uri=_FILE.as_uri(),
        artifact_class=Dataset,
        reimport=False,
        metadata={"source": source, "rows": 3},
    )
    echo(text=dsl.PIPELINE_TASK_NAME_PLACEHOLDER)
    return look(data=data.output).output


ROWS = ("importers", "metadata of importers", "placeholders of the task")
OUTPUTS = {"Output": f"{_FILE.read_text().splitlines()[0]} web 3"}
TASKS = {"echo": {"Output": "echo"}}
