"""What a definition refers to by name, directly or through the Pipelines that it refers to."""

from collections.abc import Iterator, Mapping
from typing import Any

from levada.frontend.shape import mapping, sequence

Specs = Mapping[str, Mapping[str, Any]]
"""Specs by kind (`Component`, `Pipeline`) and name."""

_KINDS = {"componentRef": "Component", "pipelineRef": "Pipeline"}


def pipeline_reference(run_spec: Any) -> str | None:
    """The name of the Pipeline that a run refers to, if it does."""
    name = mapping(mapping(run_spec).get("pipelineRef")).get("name")
    return name if isinstance(name, str) else None


def references(spec: Any, known: Specs) -> set[tuple[str, str]]:
    """Kind and name of all that the spec of a run or Pipeline refers to, as far as it can be followed in `known`.

    Whoever fetches what is not in `known` yet asks again until nothing new comes.
    """
    found: set[tuple[str, str]] = set()
    pending = [*_of_a_run(spec), *_of_tasks(spec)]
    while pending:
        reference = pending.pop()
        if reference not in found:
            found.add(reference)
            kind, name = reference
            if kind == "Pipeline":
                pending += _of_tasks(known.get(kind, {}).get(name))
    return found


def _of_a_run(spec: Any) -> Iterator[tuple[str, str]]:
    name = pipeline_reference(spec)
    if name is not None:
        yield "Pipeline", name
    yield from _of_tasks(mapping(spec).get("pipelineSpec"))


def _of_tasks(spec: Any) -> Iterator[tuple[str, str]]:
    """What the tasks of a pipeline refer to, those of pipelines within it included."""
    pending = [mapping(spec)]
    while pending:
        pipeline = pending.pop()
        for task in map(mapping, sequence(pipeline.get("tasks")) + sequence(pipeline.get("finally"))):
            for field, kind in _KINDS.items():
                name = mapping(task.get(field)).get("name")
                if isinstance(name, str):
                    yield kind, name
            if "pipelineSpec" in task:
                pending.append(mapping(task["pipelineSpec"]))
