"""Kubeflow's convention: the executor is told of everything in one argument, and answers in one file.

Artifacts stand where the SDK looks for them (`executor_input`). Those that nothing but their URI is wanted of are not
brought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from levada.graph.model import ABSENT, Absent, Artifact, Component, Datum
from levada.graph.placeholders import ExecutorInput, Reference, Use, mentions_executor_input, references
from levada.graph.types import item_type
from levada.planner.handoff import NOTHING, CollectOutput, StageInput
from levada.planner.layout.executor_input import (
    EXECUTOR_OUTPUT,
    PARAMETERS,
    UNREAD,
    Told,
    described,
    executor_input,
    metadata_text,
    roots_of,
    text_of_value,
    told,
)
from levada.planner.layout.model import Layout, resolved
from levada.planner.locations import output_uri
from levada.planner.names import slugs


def lay_out(component: Component, inputs: Mapping[str, Datum], folder: str, root: str, *, has_roots: bool) -> Layout:
    """The layout of one attempt; see `levada.planner.layout.lay_out`."""
    given = {
        name: list(_told(name, inputs[name], f"{folder}/inputs/{slug}", has_roots=has_roots))
        for name, slug in slugs(tuple(component.inputs)).items()
        if isinstance(inputs.get(name), Artifact | tuple)
    }
    outputs = _outputs(component, folder, root, has_roots=has_roots)
    stage = _stage({name: listed for name, listed in given.items() if name in _read_by(component)})
    answer = _answer(folder, root, has_files=bool(stage or outputs), has_roots=has_roots)
    telling = {name: [described(artifact, place) for artifact, place in listed] for name, listed in given.items()}

    def text_of(wanted: Reference | ExecutorInput) -> str | None:
        if isinstance(wanted, ExecutorInput):
            return executor_input(component, inputs, telling, outputs, answer)
        if wanted.use in (Use.OUTPUT_PATH, Use.OUTPUT_URI):
            place = outputs[wanted.name]
            return place.path if wanted.use is Use.OUTPUT_PATH else place.uri
        if wanted.use is Use.INPUT_VALUE:
            value = inputs.get(wanted.name, ABSENT)
            return None if isinstance(value, Absent) else text_of_value(value)
        if wanted.name not in given:
            return None
        if wanted.use is Use.INPUT_METADATA:
            return metadata_text(telling[wanted.name], wanted.key)
        if wanted.use is Use.INPUT_ARTIFACT:
            if item_type(component.inputs[wanted.name].type) is not None:
                return text_of_value(telling[wanted.name])
            return next((text_of_value(one) for one in telling[wanted.name]), None)
        first = next((place for _, place in given[wanted.name]), None)
        return None if first is None else first.path if wanted.use is Use.INPUT_PATH else first.uri

    collect = [
        CollectOutput(name, output.type, output.is_parameter, outputs[name].path, told=outputs[name].uri)
        for name, output in component.outputs.items()
    ]
    paths = [*(item.path for item in stage), *(place.path for place in outputs.values()), answer]
    return Layout(
        resolved(component, text_of, lambda name: not isinstance(inputs.get(name, ABSENT), Absent)),
        stage=stage,
        collect=collect,
        answer=answer if collect else None,
        roots=roots_of(paths) if has_roots and (stage or collect) else [],
    )


def _told(name: str, datum: Any, folder: str, *, has_roots: bool) -> Iterator[tuple[Artifact, Told]]:
    """The artifacts of an input, those of a list in order, and how the executor is told of each."""
    if isinstance(datum, Artifact):
        yield datum, told(datum.uri, f"{folder}/data", has_roots=has_roots)
        return
    for index, item in enumerate(datum):
        yield from _told(name, item, f"{folder}/{index}", has_roots=has_roots)


def _read_by(component: Component) -> set[str]:
    """The inputs whose content the container may read: an executor that is told of all may read all of them."""
    texts = [*component.command, *component.args, *component.env.values()]
    if any(mentions_executor_input(text) for text in texts):
        return set(component.inputs)
    whole = (Use.INPUT_PATH, Use.INPUT_ARTIFACT)
    return {reference.name for reference in references(texts) if reference.use in whole}


def _stage(given: Mapping[str, list[tuple[Artifact, Told]]]) -> list[StageInput]:
    """What to bring, each place once; there is nothing to bring of an output that its task did not make."""
    found: dict[str, StageInput] = {}
    for name, listed in given.items():
        for artifact, place in listed:
            if artifact.digest != NOTHING:
                found.setdefault(place.path, StageInput(name, place.path, artifact.uri, artifact.digest))
    return list(found.values())


def _outputs(component: Component, folder: str, root: str, *, has_roots: bool) -> dict[str, Told]:
    """Where each output goes."""
    found: dict[str, Told] = {}
    for name, slug in slugs(tuple(component.outputs)).items():
        if component.outputs[name].is_parameter:
            path = f"{PARAMETERS if has_roots else f'{folder}/parameters'}/{slug}"
            found[name] = Told(path, path)
        else:  # The SDK makes further URIs beside it, of the folder of the executor's answer.
            found[name] = told(output_uri(root, name), f"{folder}/outputs/{slug}", has_roots=has_roots)
    return found


def _answer(folder: str, root: str, *, has_files: bool, has_roots: bool) -> str:
    """The path of the executor's answer: beside the outputs, so that the SDK finds their folder's URI from it."""
    if has_roots and not has_files:
        return UNREAD
    beside = told(f"{root}/{EXECUTOR_OUTPUT}", f"{folder}/outputs/{EXECUTOR_OUTPUT}", has_roots=has_roots)
    return beside.path
