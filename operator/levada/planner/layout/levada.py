"""Our own convention: everything below one folder, named after inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping

from levada.graph.model import ABSENT, Absent, Artifact, Component, Datum
from levada.graph.placeholders import Argument, ExecutorInput, Reference, Use, references
from levada.graph.types import BOOLEAN, FLOAT, INTEGER, as_text
from levada.planner.handoff import CollectOutput, StageInput
from levada.planner.layout.model import Layout, resolved, staged, uris
from levada.planner.locations import output_uri, value_uri
from levada.planner.names import slugs, text_digest

_SMALL = (INTEGER, FLOAT, BOOLEAN)


def lay_out(
    component: Component, inputs: Mapping[str, Datum], folder: str, root: str, values_limit: int | None
) -> Layout:
    """The layout of one attempt with its files below `folder` and its outputs below the store URI `root`.

    Parameters wanted as files may have `values_limit` bytes in all; the largest of them go through the store.
    """
    used = {(reference.use, reference.name) for reference in references(_arguments(component))}
    in_slugs, out_slugs = slugs(tuple(component.inputs)), slugs(tuple(component.outputs))
    wanted = {name: inputs[name] for name in component.inputs if (Use.INPUT_PATH, name) in used and name in inputs}
    texts = {name: as_text(datum) for name, datum in wanted.items() if not isinstance(datum, Absent | Artifact | tuple)}
    large = _largest(texts, values_limit)
    stage: list[StageInput] = []
    paths = {name: f"{folder}/values/{in_slugs[name]}" for name in texts}
    for name, datum in wanted.items():
        path = f"{folder}/inputs/{in_slugs[name]}/data"
        if isinstance(datum, Artifact | tuple):
            stage += staged(name, path, datum, value_uri(root, name))
        elif name in large:
            stage.append(StageInput(name, path, value_uri(root, name), text_digest(texts[name])))
        else:
            continue
        paths[name] = path
    out_paths = {name: f"{folder}/outputs/{slug}/data" for name, slug in out_slugs.items()}

    def text_of(reference: Reference | ExecutorInput) -> str | None:
        assert isinstance(reference, Reference)  # Nobody else's executor can be spoken to in this convention.
        if reference.use is Use.OUTPUT_PATH:
            return out_paths[reference.name]
        if reference.use is Use.OUTPUT_URI:
            return output_uri(root, reference.name)
        datum = inputs.get(reference.name, ABSENT)
        if isinstance(datum, Absent):
            return None
        if reference.use is Use.INPUT_PATH:
            return paths[reference.name]
        return as_text(uris(datum))

    def is_present(name: str) -> bool:
        return not isinstance(inputs.get(name, ABSENT), Absent)

    collect = [
        CollectOutput(
            name,
            output.type,
            output.is_parameter,
            None if (Use.OUTPUT_URI, name) in used else out_paths[name],
            output_uri(root, name) if (Use.OUTPUT_URI, name) in used else None,
        )
        for name, output in component.outputs.items()
    ]
    is_single = len(collect) == 1 and collect[0].type in _SMALL and collect[0].path is not None and not stage
    return Layout(
        resolved(component, text_of, is_present),
        {paths[name]: text for name, text in texts.items() if name not in large},
        {value_uri(root, name): texts[name] for name in large},
        stage,
        [] if is_single else collect,
        collect[0].path if is_single else None,
    )


def _largest(texts: Mapping[str, str], limit: int | None) -> set[str]:
    """The names of the largest `texts`, as few as can be, without which the rest has at most `limit` bytes."""
    sizes = {name: len(text.encode()) for name, text in texts.items()}
    left = sum(sizes.values())
    large: set[str] = set()
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if limit is None or left <= limit:
            break
        large.add(name)
        left -= sizes[name]
    return large


def _arguments(component: Component) -> list[Argument]:
    return [*component.command, *component.args, *component.env.values()]
