"""A task that does something to a claim, for tests."""

from levada.graph.model import Claim, Graph, Input, Literal, Output, Task

TEXTS = ("pvc_name", "pvc_name_suffix", "size", "storage_class_name", "volume_name")
TYPES = {"access_modes": "List", "annotations": "Dict", "data_source": "Dict"} | dict.fromkeys(TEXTS, "String")


def claim_task(deed, **given):
    """A task `t` with those values for its inputs."""
    inputs = {name: Input(name, type_, True, is_optional=True) for name, type_ in TYPES.items()}
    outputs = {"name": Output("name", "String", True)} if deed == "create" else {}
    return Task("t", Claim(deed, inputs, outputs), {name: Literal(value) for name, value in given.items()})


def claim_graph(deed, **given):
    """A graph of such a task alone."""
    return Graph({}, {"t": claim_task(deed, **given)})
