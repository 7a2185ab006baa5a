"""The folder that the tasks of one run share: a claim of the run's own, given to those that speak of it."""

from typing import Final

from levada.graph.model import Binding, RunFact, Text

VOLUME: Final = "kfp-workspace"
"""Its name in Pods, as Kubeflow has it; a Pod whose inputs do not speak of where it is mounted goes without it."""
FOLDER: Final = "/kfp-workspace"
"""Where containers find it."""
CLAIM: Final[Binding] = Text((RunFact("name"), f"-{VOLUME}"))


def claim_of(run: str) -> str:
    """The name of the claim of the run called so: what `CLAIM` stands for in it."""
    return f"{run}-{VOLUME}"
