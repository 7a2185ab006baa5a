"""What every convention makes of an attempt: its arguments, and the files that it needs and leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from levada.graph.model import Artifact, Component, Datum
from levada.graph.placeholders import ExecutorInput, Reference, resolve
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.handoff import NOTHING, CollectOutput, StageInput
from levada.planner.names import text_digest

ARGUMENT_LIMIT = 131_000
"""Bytes of one argument or environment entry; the kernel refuses a little more with `argument list too long`."""
EMPTY_FOLDER = text_digest("levada folder 1\n")
"""The digest of a folder without files, as `store.digest` makes it; it is what an empty list of artifacts is."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The fields of a component with its inputs filled in, before any engine's own escaping."""

    image: str
    command: list[str]
    args: list[str]
    env: dict[str, str]
    resources: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One attempt's arguments and files.

    Attributes
    ----------
    run
        What runs.
    values
        Parameters wanted as files: path to content.
    stored
        Parameters wanted as files that are too large for `values`: URI to content. They stand there before the attempt
        starts, and are staged like artifacts.
    stage, collect
        What has to be brought and taken.
    single
        Path of the one numeric or boolean output, when that is all there is to take.
    answer
        Path of the file in which an executor of Kubeflow's says what it made.
    roots
        Folders at the top of the Pod that its containers share for all this, besides our own.
    """

    run: Resolved
    values: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    stage: list[StageInput] = field(default_factory=list)
    collect: list[CollectOutput] = field(default_factory=list)
    single: str | None = None
    answer: str | None = None
    roots: list[str] = field(default_factory=list)


def resolved(
    component: Component,
    text_of: Callable[[Reference | ExecutorInput], str | None],
    is_present: Callable[[str], bool],
) -> Resolved:
    """The component's fields with everything filled in; what is absent leaves its argument or field out."""

    def one(field_: Any) -> Any:  # quantities may be numbers: they stay as they are written
        return (text_of(field_) or "") if isinstance(field_, Reference) else field_

    env = {name: resolve([argument], text_of, is_present) for name, argument in component.env.items()}
    amounts = {
        kind: {one(name): one(amount) for name, amount in listed.items()}
        for kind, listed in component.resources.items()
    }
    return Resolved(
        one(component.image),
        resolve(component.command, text_of, is_present),
        resolve(component.args, text_of, is_present),
        {name: texts[0] for name, texts in env.items() if texts},
        {
            kind: {name: amount for name, amount in listed.items() if name and amount != ""}
            for kind, listed in amounts.items()
        },
    )


def argument_too_long(layout: Layout) -> Failure | None:
    """The failure of an attempt with an argument that no command line holds, on any machine."""
    run = layout.run
    for text in [*run.command, *run.args, *(f"{name}={value}" for name, value in run.env.items())]:
        size = len(text.encode())
        if size > ARGUMENT_LIMIT:
            return Failure(
                reasons.ARGUMENT_TOO_LONG,
                f"an argument of {size:,} bytes is too long for a command line (at most {ARGUMENT_LIMIT:,}); "
                "let the component take it as a file: {inputPath: ...} instead of {inputValue: ...}",
            )
    return None


def staged(name: str, path: str, datum: Artifact | tuple[Any, ...], nowhere: str) -> Iterator[StageInput]:
    """What to bring for an artifact, or for a list of them: a folder `0`, `1`, ...; nothing stands at `nowhere`."""
    if isinstance(datum, Artifact):
        if datum.digest != NOTHING:
            yield StageInput(name, path, datum.uri, datum.digest)
        return
    if not datum:
        yield StageInput(name, path, nowhere, EMPTY_FOLDER)
    for index, item in enumerate(datum):
        yield from staged(name, f"{path}/{index}", item, nowhere)


def uris(datum: Datum) -> Any:
    """The URI of an artifact, those of a list of them; parameters as they are."""
    if isinstance(datum, tuple):
        return [uris(item) for item in datum]
    return datum.uri if isinstance(datum, Artifact) else datum
