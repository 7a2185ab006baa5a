"""Levada's own YAML as a graph: the whole definition is read, and every mistake in it is found, before it runs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from levada.api.graph_spec import PipelineSpec
from levada.api.run import RunSpec
from levada.frontend.component import load_component
from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistake, Mistakes, Path
from levada.frontend.parameters import resolve_parameters
from levada.frontend.pipeline import PipelineReader
from levada.frontend.pod_template import Allowed, check_template
from levada.frontend.policies import read_timeout
from levada.frontend.schema import check_schema
from levada.frontend.shape import mapping, sequence, without_nulls
from levada.graph.model import Datum, Graph

Resolved = tuple[Graph, dict[str, Datum]]


def build_graph(  # all that a run consists of
    pipeline_spec: Mapping[str, Any],
    components: Mapping[str, Any],
    run_parameters: Mapping[str, Any] | None = None,
    run_pod_template: Mapping[str, Any] | None = None,
    *,
    allowed: Allowed | None = None,
    at: Path = SPEC,
) -> Resolved:
    """The graph that a pipeline describes, and the values of its parameters in one run.

    Parameters
    ----------
    pipeline_spec
        The spec of a Pipeline, or a run's `pipelineSpec`.
    components
        The specs of the Components that it refers to, by name.
    run_parameters
        The run's `parameters`; None to check a Pipeline that no run uses yet.
    run_pod_template
        The run's `podTemplate`.
    allowed
        ServiceAccounts and Secrets that Pod templates may name; None for every one (on a laptop).
    at
        Where `pipeline_spec` stands, for messages: `Path(("spec",), owner="Pipeline/flowers")`, for example.

    Returns
    -------
    tuple of Graph and dict
        The graph; and for each of its parameters a value, an Artifact or ABSENT.

    Raises
    ------
    InvalidSpecError
        With every mistake in the pipeline, in the components it uses and in what the run gives.
    """
    mistakes = Mistakes()
    spec = without_nulls(pipeline_spec, at)
    check_schema(PipelineSpec, spec, at, mistakes)
    given = None if run_parameters is None else without_nulls(run_parameters, SPEC / "parameters")
    return _resolve(PipelineReader(mapping(spec), components, run_pod_template, allowed, at, mistakes), given)


def build_run(
    run_spec: Mapping[str, Any],
    pipelines: Mapping[str, Any],
    components: Mapping[str, Any],
    *,
    allowed: Allowed | None = None,
) -> Resolved:
    """`build_graph` for a run's spec, whose pipeline is inline or one of `pipelines` (specs by name).

    Raises
    ------
    InvalidSpecError
        With every mistake in the run and everything it refers to.
    """
    spec = mapping(without_nulls(run_spec, SPEC))
    mistakes = Mistakes()
    check_schema(RunSpec, spec, SPEC, mistakes)
    check_template(spec.get("podTemplate"), SPEC / "podTemplate", allowed, mistakes)
    name = pipeline_reference(spec)
    if "pipelineSpec" in spec:
        pipeline, at = spec["pipelineSpec"], SPEC / "pipelineSpec"
        if "historyLimit" in mapping(pipeline):
            message = "only a Pipeline has a history: a run with a pipelineSpec is its only run; use ttlAfterFinished"
            mistakes.add(at / "historyLimit", message)
    elif name is not None and name in pipelines:
        at = Path(("spec",), f"Pipeline/{name}")
        pipeline = without_nulls(pipelines[name], at)
        check_schema(PipelineSpec, pipeline, at, mistakes)
    else:
        if name is not None:
            mistakes.add_unknown(SPEC / "pipelineRef" / "name", "Pipeline", name, pipelines)
        raise InvalidSpecError(mistakes)
    reader = PipelineReader(mapping(pipeline), components, spec.get("podTemplate"), allowed, at, mistakes)
    graph, inputs = _resolve(reader, mapping(spec.get("parameters")))
    timeout = read_timeout(spec["timeout"]) if "timeout" in spec else graph.timeout
    fails_fast = bool(spec["failFast"]) if "failFast" in spec else graph.fails_fast
    return replace(graph, timeout=timeout, fails_fast=fails_fast), inputs


def _resolve(reader: PipelineReader, given: Mapping[str, Any] | None) -> Resolved:
    """Read the graph and, for a run, the values of its parameters; end here if anything is wrong."""
    graph = reader.read()
    resolved: dict[str, Datum] = {}
    if given is not None:
        resolved = resolve_parameters(graph.inputs, given, SPEC / "parameters", reader.mistakes)
        reader.check_absent(graph, resolved)
    reader.mistakes.raise_if_any()
    return graph, resolved


def validate_component(spec: Any) -> list[Mistake]:
    """Every mistake in a Component's spec."""
    mistakes = Mistakes()
    try:
        load_component(without_nulls(spec, SPEC), SPEC, mistakes)
    except InvalidSpecError as error:
        return list(error.mistakes)
    return list(mistakes)


def validate_pipeline(spec: Any, components: Mapping[str, Any], *, allowed: Allowed | None = None) -> list[Mistake]:
    """Every mistake in a Pipeline's spec and in the `components` (specs by name) that it uses."""
    try:
        build_graph(spec, components, allowed=allowed)
    except InvalidSpecError as error:
        return list(error.mistakes)
    return []


def references(pipeline_spec: Any) -> set[str]:
    """The names of the Components that a pipeline's tasks refer to."""
    tasks = sequence(mapping(pipeline_spec).get("tasks"))
    names = (mapping(mapping(task).get("componentRef")).get("name") for task in tasks)
    return {name for name in names if isinstance(name, str)}


def pipeline_reference(run_spec: Any) -> str | None:
    """The name of the Pipeline that a run refers to, if it does."""
    name = mapping(mapping(run_spec).get("pipelineRef")).get("name")
    return name if isinstance(name, str) else None


def definition_digest(definition: Any) -> str:
    """`sha256:<hex>` of a definition (a spec, or several in a map): the same for every order of its keys."""
    canonical = json.dumps(
        without_nulls(definition, SPEC), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
