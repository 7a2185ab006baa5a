"""The one run that FILE arguments stand for: a PipelineRun, or a run made of a Pipeline, with `-p` and `--name`."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from levada.cli.exits import CommandError
from levada.frontend.kfp.pipelines import COMPILED
from levada.frontend.mistakes import InvalidSpecError, closest
from levada.frontend.native import build_graph
from levada.frontend.objects import RUN_NAME_LIMIT, Elsewhere, Object
from levada.frontend.references import pipeline_reference
from levada.frontend.shape import mapping, named
from levada.graph.model import Input
from levada.graph.types import DICT, LIST, STRING, ValueMismatchError, item_type, parameter_type, parse_text

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes makes random names of: no vowels, so no words."""
_RANDOM = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run, ready to start.

    Attributes
    ----------
    run
        The PipelineRun, with its name and all its parameters.
    others
        The Components and Pipelines that came with it.
    metadata
        The run's metadata as it is written: labels, annotations.
    """

    run: Object
    others: tuple[Object, ...]
    metadata: Mapping[str, Any]


def choose(objects: Sequence[Object], name: str | None) -> Chosen:
    """The run among `objects`.

    Raises
    ------
    CommandError
        When it is not clear which one is meant, or its name is no name.
    """
    runs = [item for item in objects if item.kind == "PipelineRun"]
    pipelines = [item for item in objects if item.kind == "Pipeline"]
    others = tuple(item for item in objects if item.kind != "PipelineRun" and not item.is_bare)
    candidates = runs or pipelines
    if len(candidates) != 1:
        raise CommandError(_unclear(candidates))
    found = candidates[0]
    metadata = mapping(mapping(found.document.root.value()).get("metadata")) if runs else {}
    spec = found.spec if runs or found.is_bare else {"pipelineRef": {"name": found.name}}
    run = Object("PipelineRun", found.namespace, name or _name(found, metadata), dict(spec), found.document)
    if len(run.name) > RUN_NAME_LIMIT or "." in run.name:
        raise CommandError(f"the run's name {run.name!r} must have at most {RUN_NAME_LIMIT} characters and no dots")
    return Chosen(run, others, metadata)


def with_parameters(chosen: Chosen, texts: Sequence[str], elsewhere: Elsewhere | None = None) -> Chosen:
    """`chosen` with the values of `-p name=value`, each read by the type that the pipeline declares.

    Raises
    ------
    CommandError
        When one of them is no value of that type, or of no parameter.
    """
    given = [_split(text) for text in texts]
    declared = _declared(chosen, elsewhere or {}) if given else {}
    values = {name: _read(name, text, declared) for name, text in given}
    spec = {**chosen.run.spec, "parameters": {**mapping(chosen.run.spec.get("parameters")), **values}}
    return replace(chosen, run=replace(chosen.run, spec=spec)) if values else chosen


def with_parallelism(chosen: Chosen, parallelism: int | None) -> Chosen:
    """`chosen` with so many attempts under way at once; None leaves it as it is written."""
    if parallelism is None:
        return chosen
    return replace(chosen, run=replace(chosen.run, spec={**chosen.run.spec, "parallelism": parallelism}))


def _unclear(candidates: Sequence[Object]) -> str:
    if not candidates:
        return "there is nothing to run here: give a PipelineRun, or a Pipeline to make a run of"
    places = ", ".join(f"{item.name} ({item.document.file}:{item.document.root.line})" for item in candidates)
    return f"it is not clear which {candidates[0].kind} is meant: {places}; give the file of one of them only"


def _name(found: Object, metadata: Mapping[str, Any]) -> str:
    if found.kind == "PipelineRun" and "name" in metadata:
        return found.name
    prefix = metadata["generateName"] if found.kind == "PipelineRun" else f"{found.name.replace('.', '-')}-"
    return prefix[: RUN_NAME_LIMIT - _RANDOM] + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise CommandError(f"-p {text}: write it as name=value")
    return name, value


def _read(name: str, text: str, declared: Mapping[str, Input | None] | None) -> Any:
    """A value by its declared type: String verbatim, an artifact by its URI, all else as JSON."""
    if declared is None:
        return text
    if name not in declared:
        near = closest(name, declared)
        meant = f" (did you mean {near!r}?)" if near else f"; it has {', '.join(declared) or 'none'}"
        raise CommandError(f"-p {name}: the pipeline has no parameter {name!r}{meant}")
    target = declared[name]
    if target is None:
        return text
    try:
        if target.is_parameter:
            return parse_text(target.type, text)
        if item_type(target.type):
            return parse_text(LIST, text)
        return parse_text(DICT, text) if text.lstrip().startswith("{") else {"uri": text}
    except ValueMismatchError as error:
        raise CommandError(f"-p {name}={text}: {error}") from None


def _declared(chosen: Chosen, elsewhere: Elsewhere) -> dict[str, Input | None] | None:
    """The pipeline's parameters by name, as far as they can be told; None when the pipeline is not known."""
    spec = chosen.run.spec.get("pipelineSpec", chosen.run.spec if COMPILED in chosen.run.spec else None)
    reference = pipeline_reference(chosen.run.spec)
    specs = _specs("Pipeline", chosen, elsewhere)
    spec = specs.get(reference) if reference is not None else spec
    if spec is not None and COMPILED in spec:
        spec = {COMPILED: spec[COMPILED]}
    if spec is None:
        return None
    try:
        graph = build_graph(spec, specs, _specs("Component", chosen, elsewhere), name=reference)
    except InvalidSpecError:
        # What is wrong with it is reported later, together; until then the declared types will do.
        parameters = named(mapping(spec).get("parameters"))
        return {name: _input(name, parameter_type(raw.get("type"))) for _, name, raw in parameters}
    return dict(graph.inputs)


def _input(name: str, type_: str | None) -> Input | None:
    return Input(name, type_, is_parameter=True) if type_ not in (None, STRING) else None


def _specs(kind: str, chosen: Chosen, elsewhere: Elsewhere) -> dict[str, Any]:
    return {**elsewhere.get(kind, {}), **{item.name: item.spec for item in chosen.others if item.kind == kind}}
