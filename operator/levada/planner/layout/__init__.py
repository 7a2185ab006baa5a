"""Where an attempt finds its inputs and leaves its outputs, and what its arguments become.

The same for every engine: `folder` is `/levada` in a Pod and a working folder on a laptop.
"""

from __future__ import annotations

from collections.abc import Mapping

from levada.graph.model import Component, Datum
from levada.planner.layout import kubeflow, levada
from levada.planner.layout.model import EMPTY_FOLDER, Layout, Resolved, argument_too_long

__all__ = ["EMPTY_FOLDER", "Layout", "Resolved", "argument_too_long", "lay_out"]


def lay_out(
    component: Component,
    inputs: Mapping[str, Datum],
    folder: str,
    root: str,
    *,
    values_limit: int | None = None,
    has_roots: bool = False,
) -> Layout:
    """The layout of one attempt with its files below `folder` and its outputs below the store URI `root`.

    Parameters
    ----------
    values_limit
        Bytes that the parameters wanted as files may have in all; the largest of them go through the store.
    has_roots
        Whether folders at the top, like `/s3`, are the attempt's own: in a Pod.
    """
    if component.convention == "Kubeflow":
        return kubeflow.lay_out(component, inputs, folder, root, has_roots=has_roots)
    return levada.lay_out(component, inputs, folder, root, values_limit)
