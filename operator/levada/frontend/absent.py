"""Optional parameters that are left out, followed to where something is needed."""

from collections.abc import Set as AbstractSet

from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.pipeline import PipelineReader
from levada.graph.model import ABSENT, Binding, Graph, Parameter


def check_absent(graph: Graph, left_out: AbstractSet[str], reader: PipelineReader) -> None:
    """Refuse that what is required gets nothing but a parameter without a value, in `graph` and all within it.

    Parameters
    ----------
    graph
        What `reader` has read.
    left_out
        Its parameters that have neither a value nor a default.
    reader
        Knows where everything stands.
    """
    for task in (*graph.tasks.values(), *graph.finals.values()):
        place = reader.places[task.name]
        if task.loop and (lacking := _lacking(task.loop.items, left_out)):
            _note(place / "forEach" / "items", "items are", lacking, reader.mistakes)
        absent = {target: name for target, bound in task.inputs.items() if (name := _lacking(bound, left_out))}
        for target, name in absent.items():
            declared = task.body.inputs.get(target)
            if declared is not None and not declared.may_be_absent:
                _note(place / "inputs" / target, "input is", name, reader.mistakes)
        if isinstance(task.body, Graph) and task.name in reader.nested:
            given = task.inputs.keys() - absent
            inner = {
                name
                for name, declared in task.body.inputs.items()
                if declared.is_optional and declared.default is ABSENT and name not in given
            }
            check_absent(task.body, inner, reader.nested[task.name])


def _lacking(binding: Binding, left_out: AbstractSet[str]) -> str | None:
    return binding.name if isinstance(binding, Parameter) and binding.name in left_out else None


def _note(path: Path, what: str, parameter: str, mistakes: Mistakes) -> None:
    mistakes.add(path, f"the {what} required, but the optional parameter {parameter!r} is left out")
