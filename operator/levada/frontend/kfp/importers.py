"""Kubeflow's importers: graphs without tasks, whose one output is an artifact that stands somewhere already."""

from collections.abc import Mapping

from levada.frontend.kfp import ir
from levada.frontend.kfp.constants import read_constant
from levada.frontend.kfp.types import artifact_type_of, read_inputs
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import Binding, Compose, External, Graph, Literal, Parameter


def read_importer(
    importer: ir.Importer, component: ir.Component, places: tuple[Path, Path], mistakes: Mistakes
) -> Graph:
    """The graph that stands for an importer; `places` are those of the importer and of the component."""
    at, place = places
    inputs = read_inputs(component.input_definitions, place / "inputDefinitions", mistakes)
    own: Mapping[str, Binding] = {name: Parameter(name) for name in inputs}
    outputs = list(component.output_definitions.artifacts)
    if len(outputs) != 1:
        mistakes.add(place / "outputDefinitions", "an importer has exactly one output, an artifact")
        return Graph(inputs, {})
    if importer.download_to_workspace:
        mistakes.add(
            at / "downloadToWorkspace", "is not supported: the artifact goes to the tasks that take it, directly"
        )
    uri = _uri(importer.artifact_uri, own, at / "artifactUri", mistakes)
    metadata = read_constant(dict(importer.metadata), "", own, at / "metadata", mistakes)
    written = metadata.value if isinstance(metadata, Literal) else {}
    shape = metadata.shape if isinstance(metadata, Compose) else written
    made = External(uri, artifact_type_of(importer.type_schema), shape)
    return Graph(inputs, {}, {outputs[0]: made})


def _uri(written: ir.RuntimeValue, own: Mapping[str, Binding], place: Path, mistakes: Mistakes) -> str | Binding:
    if written.runtime_parameter is not None:
        if written.runtime_parameter not in own:
            mistakes.add_unknown(place / "runtimeParameter", "input", written.runtime_parameter, own)
        return own.get(written.runtime_parameter, "")
    found = read_constant(written.constant, "", own, place / "constant", mistakes)
    if not isinstance(found, Literal):
        return found
    if not isinstance(found.value, str) or not found.value:
        mistakes.add(place / "constant", "expected the URI of an artifact")
    return str(found.value)
