"""Where an attempt finds its inputs and leaves its outputs, and what its arguments become.

The same for every engine: `folder` is `/levada` in a Pod and a working folder on a laptop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.graph.model import ABSENT, Absent, Artifact, Component, Datum
from levada.graph.placeholders import Argument, ExecutorInput, Reference, Use, references, resolve
from levada.graph.types import BOOLEAN, FLOAT, INTEGER, as_text
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.handoff import CollectOutput, StageInput
from levada.planner.locations import output_uri, value_uri
from levada.planner.names import slugs, text_digest

ARGUMENT_LIMIT = 131_000
"""Bytes of one argument or environment entry; the kernel refuses a little more with `argument list too long`."""
EMPTY_FOLDER = text_digest("levada folder 1\n")
"""The digest of a folder without files, as `store.digest` makes it; it is what an empty list of artifacts is."""
_SMALL = (INTEGER, FLOAT, BOOLEAN)


@dataclass(frozen=True, slots=True)
class Layout:
    """One attempt's arguments and files.

    Attributes
    ----------
    command, args, env
        Resolved, before any engine's own escaping.
    values
        Parameters wanted as files: path to content.
    stored
        Parameters wanted as files that are too large for `values`: URI to content. They stand there before the attempt
        starts, and are staged like artifacts.
    stage, collect
        What has to be brought and taken.
    single
        Path of the one numeric or boolean output, when that is all there is to take.
    """

    command: list[str]
    args: list[str]
    env: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    stage: list[StageInput] = field(default_factory=list)
    collect: list[CollectOutput] = field(default_factory=list)
    single: str | None = None


def lay_out(
    component: Component, inputs: Mapping[str, Datum], folder: str, root: str, *, values_limit: int | None = None
) -> Layout:
    """The layout of one attempt with its files below `folder` and its outputs below the store URI `root`.

    Parameters wanted as files may have `values_limit` bytes in all; the largest of them go through the store.
    """
    used = {(reference.use, reference.name) for reference in references(_arguments(component))}
    in_slugs, out_slugs = slugs(list(component.inputs)), slugs(list(component.outputs))
    wanted = {name: inputs[name] for name in component.inputs if (Use.INPUT_PATH, name) in used and name in inputs}
    texts = {name: as_text(datum) for name, datum in wanted.items() if not isinstance(datum, Absent | Artifact | tuple)}
    large = _largest(texts, values_limit)
    stage: list[StageInput] = []
    paths = {name: f"{folder}/values/{in_slugs[name]}" for name in texts}
    for name, datum in wanted.items():
        staged = f"{folder}/inputs/{in_slugs[name]}/data"
        if isinstance(datum, Artifact | tuple):
            stage += _staged(name, staged, datum, value_uri(root, name))
        elif name in large:
            stage.append(StageInput(name, staged, value_uri(root, name), text_digest(texts[name])))
        else:
            continue
        paths[name] = staged
    out_paths = {name: f"{folder}/outputs/{slug}/data" for name, slug in out_slugs.items()}

    def text_of(reference: Reference | ExecutorInput) -> str | None:
        assert isinstance(reference, Reference)
        if reference.use is Use.OUTPUT_PATH:
            return out_paths[reference.name]
        if reference.use is Use.OUTPUT_URI:
            return output_uri(root, reference.name)
        datum = inputs.get(reference.name, ABSENT)
        if isinstance(datum, Absent):
            return None
        if reference.use is Use.INPUT_PATH:
            return paths[reference.name]
        return as_text(_uris(datum))

    def is_present(name: str) -> bool:
        return not isinstance(inputs.get(name, ABSENT), Absent)

    env = {name: resolve([argument], text_of, is_present) for name, argument in component.env.items()}
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
        resolve(component.command, text_of, is_present),
        resolve(component.args, text_of, is_present),
        {name: texts[0] for name, texts in env.items() if texts},
        {paths[name]: text for name, text in texts.items() if name not in large},
        {value_uri(root, name): texts[name] for name in large},
        stage,
        [] if is_single else collect,
        collect[0].path if is_single else None,
    )


def argument_too_long(layout: Layout) -> Failure | None:
    """The failure of an attempt with an argument that no command line holds, on any machine."""
    for text in [*layout.command, *layout.args, *(f"{name}={value}" for name, value in layout.env.items())]:
        size = len(text.encode())
        if size > ARGUMENT_LIMIT:
            return Failure(
                reasons.ARGUMENT_TOO_LONG,
                f"an argument of {size:,} bytes is too long for a command line (at most {ARGUMENT_LIMIT:,}); "
                "let the component take it as a file: {inputPath: ...} instead of {inputValue: ...}",
            )
    return None


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


def _staged(name: str, path: str, datum: Artifact | tuple[Any, ...], nowhere: str) -> Iterator[StageInput]:
    """What to bring for an artifact, or for a list of them: a folder `0`, `1`, ...; nothing stands at `nowhere`."""
    if isinstance(datum, Artifact):
        yield StageInput(name, path, datum.uri, datum.digest)
        return
    if not datum:
        yield StageInput(name, path, nowhere, EMPTY_FOLDER)
    for index, item in enumerate(datum):
        yield from _staged(name, f"{path}/{index}", item, nowhere)


def _uris(datum: Datum) -> Any:
    """The URI of an artifact, those of a list of them; parameters as they are."""
    if isinstance(datum, tuple):
        return [_uris(item) for item in datum]
    return datum.uri if isinstance(datum, Artifact) else datum


def _arguments(component: Component) -> list[Argument]:
    return [*component.command, *component.args, *component.env.values()]
