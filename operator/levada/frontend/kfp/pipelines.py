"""A compiled Kubeflow file as the graph of a pipeline."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from levada.frontend.around import Around
from levada.frontend.catalogue import Catalogue
from levada.frontend.kfp.documents import PLATFORMS, read_file
from levada.frontend.kfp.graphs import GraphReader
from levada.frontend.kfp.workspace import add_workspace
from levada.frontend.mistakes import Path
from levada.frontend.pod_template import check_mounts, check_template, merge
from levada.frontend.policies import read_cache
from levada.graph.model import Graph

COMPILED = "kfp"
"""The field of a run or Pipeline with the text of the file."""
_SAID_BY_IT = ("parameters", "tasks", "finally", "outputs")


def read_compiled(pipeline: Mapping[str, Any], at: Path, catalogue: Catalogue, around: Around) -> Graph:
    """The graph of the compiled file in a run or Pipeline.

    Parameters
    ----------
    pipeline, at
        The spec with the file in it, and where it stands.
    catalogue
        Counts tasks, and takes what is wrong.
    around
        What holds from outside. Of caching only that it is off counts: the document itself says where it is on.
    """
    mistakes = catalogue.mistakes
    for field in _SAID_BY_IT:
        if field in pipeline:
            mistakes.add(at / field, f"the compiled pipeline in `{COMPILED}` says this itself")
    template = pipeline.get("podTemplate")
    check_template(template, at / "podTemplate", catalogue.allowed, mistakes)
    merged = merge(around.template, template)
    check_mounts(merged, at / "podTemplate", mistakes)
    document, platform = read_file(pipeline[COMPILED], at / COMPILED, mistakes)
    if document is None:
        return Graph({}, {})
    cache = read_cache(pipeline.get("cache"), around.cache)
    is_cached = cache is None or not cache.is_disabled
    graph = GraphReader(document, at / COMPILED, catalogue, merged, platform, is_cached=is_cached).read()
    config = platform.pipeline_config
    if config.workspace is not None:
        place = at / COMPILED / PLATFORMS / "kubernetes" / "pipelineConfig" / "workspace"
        graph = add_workspace(graph, config.workspace, place, mistakes)
    return replace(graph, timeout=config.active_deadline_seconds or None)
