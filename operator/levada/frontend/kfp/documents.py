"""A compiled Kubeflow file: a stream of documents with one pipeline, and at most one with settings for Kubernetes."""

from typing import Any

from levada.frontend.documents import read_documents
from levada.frontend.kfp import ir
from levada.frontend.kfp.platform_ir import Kubernetes
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.schema import check_schema
from levada.frontend.shape import mapping

SCHEMA = "2.1.0"
PIPELINE, PLATFORMS = "pipelineInfo", "platforms"


def read_file(text: str, place: Path, mistakes: Mistakes) -> tuple[ir.PipelineSpec | None, Kubernetes]:
    """The pipeline in a compiled file, and what it says of Kubernetes; None if the pipeline cannot be read.

    Parameters
    ----------
    text
        The file.
    place
        Where it stands.
    mistakes
        Takes what is wrong.
    """
    documents, unreadable = read_documents("", text.encode())
    for located in unreadable:
        mistakes.add(place, f"line {located.line}: {located.message}")
    values = [mapping(document.root.value()) for document in documents]
    platforms = [value for value in values if set(value) == {PLATFORMS}]
    pipelines = [value for value in values if value not in platforms]
    if len(pipelines) != 1 or len(platforms) > 1:
        found = f"{len(pipelines)} and {len(platforms)}"
        mistakes.add(place, f"expected one compiled pipeline, and at most one document with platforms; found {found}")
        return None, Kubernetes()
    said = mapping(platforms[0][PLATFORMS]).get("kubernetes") if platforms else {}
    return _read(pipelines[0], place, mistakes), _read_platform(said, place / PLATFORMS / "kubernetes", mistakes)


def _read_platform(raw: Any, place: Path, mistakes: Mistakes) -> Kubernetes:
    found = Mistakes()
    check_schema(Kubernetes, raw, place, found)
    mistakes.add_all(found)
    if found:
        return Kubernetes()
    platform = Kubernetes.model_validate(raw or {})
    config, at = platform.pipeline_config, place / "pipelineConfig"
    if config.resource_ttl_on_completion or config.resource_ttl_on_success or config.resource_ttl_on_failure:
        mistakes.add(at, "resourceTtl* is not supported: set `ttlAfterFinished` of the run")
    if config.semaphore_key or config.mutex_name:
        mistakes.add(at, "semaphores and mutexes are not supported: set `parallelism`")
    return platform


def _read(raw: dict[str, Any], place: Path, mistakes: Mistakes) -> ir.PipelineSpec | None:
    found = Mistakes()
    check_schema(ir.PipelineSpec, raw, place, found)
    mistakes.add_all(found)
    version = raw.get("schemaVersion")
    if not found and version != SCHEMA:
        mistakes.add(place / "schemaVersion", f"expected {SCHEMA}, found {version!r}: compile it with kfp 2")
        return None
    if found:
        return None
    pipeline = ir.PipelineSpec.model_validate(raw)
    if not pipeline.pipeline_info.name:
        mistakes.add(place / PIPELINE / "name", "is required")
    return pipeline
