"""Levada's own YAML as a graph: the whole definition is read, and every mistake in it is found, before it runs."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from levada.api.graph_spec import PipelineSpec
from levada.api.run import RunSpec
from levada.frontend.absent import check_absent
from levada.frontend.around import Around
from levada.frontend.catalogue import Catalogue
from levada.frontend.component import load_component
from levada.frontend.kfp.pipelines import COMPILED, read_compiled
from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistake, Mistakes, Path
from levada.frontend.parameters import resolve_parameters
from levada.frontend.pipeline import PipelineReader
from levada.frontend.pod_template import Allowed, check_template
from levada.frontend.policies import read_cache, read_timeout
from levada.frontend.references import pipeline_reference
from levada.frontend.schema import check_schema
from levada.frontend.shape import mapping, without_nulls
from levada.graph.model import ABSENT, Datum, Graph, Input


def build_graph(
    pipeline_spec: Mapping[str, Any],
    pipelines: Mapping[str, Any],
    components: Mapping[str, Any],
    *,
    name: str | None = None,
    allowed: Allowed | None = None,
) -> Graph:
    """The graph that a pipeline describes.

    Parameters
    ----------
    pipeline_spec
        The spec of a Pipeline, or a run's `pipelineSpec`.
    pipelines, components
        The specs of the Pipelines and Components that it refers to, by name.
    name
        The Pipeline's own name, if it has one.
    allowed
        ServiceAccounts and Secrets that Pod templates may name; None for every one (on a laptop).

    Raises
    ------
    InvalidSpecError
        With every mistake in the pipeline and all that it refers to.
    """
    catalogue = Catalogue(pipelines, components, allowed, Mistakes())
    spec = without_nulls(pipeline_spec, SPEC)
    check_schema(PipelineSpec, spec, SPEC, catalogue.mistakes)
    graph = _read(mapping(spec), SPEC, catalogue, Around(trail=(name,) if name else ()), lambda _: {})[0]
    catalogue.mistakes.raise_if_any()
    return _with_limits(graph, mapping(spec), {})


def build_run(
    run_spec: Mapping[str, Any],
    pipelines: Mapping[str, Any],
    components: Mapping[str, Any],
    *,
    allowed: Allowed | None = None,
) -> tuple[Graph, dict[str, Datum]]:
    """The graph of a run, whose pipeline is inline or one of `pipelines`, and what it gives to the graph's parameters.

    Parameters
    ----------
    run_spec
        The run's spec.
    pipelines, components
        The specs of the Pipelines and Components that it refers to, by name.
    allowed
        ServiceAccounts and Secrets that Pod templates may name; None for every one (on a laptop).

    Returns
    -------
    tuple of Graph and dict
        The graph; and for each of its parameters a value, an Artifact, a tuple of those or ABSENT.

    Raises
    ------
    InvalidSpecError
        With every mistake in the run and everything it refers to.
    """
    spec = mapping(without_nulls(run_spec, SPEC))
    mistakes = Mistakes()
    check_schema(RunSpec, spec, SPEC, mistakes)
    check_template(spec.get("podTemplate"), SPEC / "podTemplate", allowed, mistakes)
    catalogue = Catalogue(pipelines, components, allowed, mistakes)
    name = pipeline_reference(spec)
    found: tuple[Mapping[str, Any], Path] | None = None
    if "pipelineSpec" in spec:
        found = mapping(spec["pipelineSpec"]), SPEC / "pipelineSpec"
        if "historyLimit" in found[0]:
            message = "only a Pipeline has a history: a run with a pipelineSpec is its only run; use ttlAfterFinished"
            mistakes.add(found[1] / "historyLimit", message)
    elif isinstance(spec.get(COMPILED), str):
        found = {COMPILED: spec[COMPILED]}, SPEC
    elif name is not None:
        found = catalogue.pipeline(name, SPEC / "pipelineRef" / "name")
    if found is None:
        raise InvalidSpecError(mistakes)
    pipeline, at = found
    trail = () if "pipelineSpec" in spec or name is None else (name,)
    around = Around(mapping(spec.get("podTemplate")), read_cache(spec.get("cache"), None), trail)

    def given(declared: Mapping[str, Input]) -> dict[str, Datum]:
        return resolve_parameters(declared, mapping(spec.get("parameters")), SPEC / "parameters", mistakes)

    graph, inputs = _read(pipeline, at, catalogue, around, given)
    mistakes.raise_if_any()
    return _with_limits(graph, pipeline, spec), inputs


def _read(
    pipeline: Mapping[str, Any],
    at: Path,
    catalogue: Catalogue,
    around: Around,
    given: Callable[[Mapping[str, Input]], dict[str, Datum]],
) -> tuple[Graph, dict[str, Datum]]:
    """The graph of a pipeline in either language, and the values that its inputs are `given`."""
    if isinstance(pipeline.get(COMPILED), str):
        graph = read_compiled(pipeline, at, catalogue, around)
        return graph, given(graph.inputs)
    reader = PipelineReader(pipeline, at, catalogue, around)
    graph = reader.read()
    inputs = given(graph.inputs)
    left_out = {name for name, value in inputs.items() if value is ABSENT and graph.inputs[name].is_optional}
    check_absent(graph, left_out, reader)
    return graph, inputs


def _with_limits(graph: Graph, pipeline: Mapping[str, Any], run: Mapping[str, Any]) -> Graph:
    """The graph with what holds for a run of it as a whole: what the run says, or else its own pipeline."""
    return replace(
        graph,
        timeout=read_timeout(run.get("timeout", pipeline.get("timeout"))) or graph.timeout,
        fails_fast=bool(run.get("failFast", pipeline.get("failFast"))),
        parallelism=run.get("parallelism", pipeline.get("parallelism")),
    )


def validate_component(spec: Any) -> list[Mistake]:
    """Every mistake in a Component's spec."""
    mistakes = Mistakes()
    try:
        load_component(without_nulls(spec, SPEC), SPEC, mistakes)
    except InvalidSpecError as error:
        return list(error.mistakes)
    return list(mistakes)


def validate_pipeline(
    name: str,
    spec: Any,
    pipelines: Mapping[str, Any],
    components: Mapping[str, Any],
    *,
    allowed: Allowed | None = None,
) -> list[Mistake]:
    """Every mistake in the Pipeline `name` and in the `pipelines` and `components` (specs by name) that it uses."""
    try:
        build_graph(spec, pipelines, components, name=name, allowed=allowed)
    except InvalidSpecError as error:
        return list(error.mistakes)
    return []


def definition_digest(definition: Any) -> str:
    """`sha256:<hex>` of a definition (a spec, or several in a map): the same for every order of its keys."""
    canonical = json.dumps(
        without_nulls(definition, SPEC), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
