"""Pipeline: a graph that runs refer to by name."""

from typing import Literal

from levada.api.base import Resource
from levada.api.graph_spec import PipelineSpec


class Pipeline(Resource):
    """A reusable graph: parameters, tasks and outputs."""

    kind: Literal["Pipeline"] = "Pipeline"
    """Always `Pipeline`."""

    spec: PipelineSpec
    """The graph."""
