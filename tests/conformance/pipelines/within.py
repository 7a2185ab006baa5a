"""Components that bring files of their own: a folder of data, and a notebook that they run."""

from pathlib import Path

from kfp import dsl

_FILES = Path(__file__).parent / "files"


@dsl.component(embedded_artifact_path=str(_FILES / "notes"))
def read(notes: dsl.EmbeddedInput[dsl.Dataset]) -> str:
    import os

    with open(os.path.join(notes.path, "first.txt")) as file:
        return file.read()


@dsl.notebook_component(notebook_path=str(_FILES / "square.ipynb"))
def square(number: int, squared: dsl.OutputPath(int)):
    dsl.run_notebook(number=number, target=squared)


@dsl.pipeline(name="within")
def pipeline() -> str:
    square(number=7)
    return read().output


ROWS = ("files within a component (`dsl.EmbeddedInput`)", "notebooks")
OUTPUTS = {"Output": "a file of the component's"}
TASKS = {"square": {"squared": 49}}
