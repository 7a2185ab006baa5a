"""What the installation decides about task Pods, read once when the operator starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.frontend.pod_template import Allowed


@dataclass(frozen=True, slots=True)
class ImageRewrite:
    """Another name for the images of tasks, where a site keeps them elsewhere.

    Attributes
    ----------
    named
        The whole name as components write it or, when it ends in `*`, how it begins.
    becomes
        The name that Pods get. A `*` at its end stands for what the other `*` stood for.
    """

    named: str
    becomes: str

    def __call__(self, image: str) -> str | None:
        """The other name of `image`; None where this rule says nothing of it."""
        if not self.named.endswith("*"):
            return self.becomes if image == self.named else None
        start = self.named[:-1]
        if not image.startswith(start):
            return None
        return self.becomes[:-1] + image[len(start) :] if self.becomes.endswith("*") else self.becomes


@dataclass(frozen=True, slots=True)
class PodSettings:
    """How task Pods are made.

    Attributes
    ----------
    agent_image
        Image of the agent: the operator's own.
    pull_policy
        `imagePullPolicy` of the agent, or None for the cluster's default.
    restricted
        Whether Pods meet the restricted Pod Security profile, all containers as one user; else baseline.
    user, group
        That user and group.
    agent_resources
        Requests and limits of the agent (quota counts them).
    allowed
        ServiceAccounts and Secrets that Pods may name; None for every one.
    image_rewrites
        Other names for images of tasks. The first that fits counts, and what it makes is not rewritten again.
    task_env
        Variables of every task's container, where neither the component nor the `podTemplate` sets them.
    """

    agent_image: str
    pull_policy: str | None = None
    restricted: bool = False
    user: int = 65532
    group: int = 65532
    agent_resources: Mapping[str, Any] = field(
        default_factory=lambda: {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"memory": "128Mi"},
        }
    )
    allowed: Allowed | None = None
    image_rewrites: tuple[ImageRewrite, ...] = ()
    task_env: Mapping[str, str] = field(default_factory=dict)

    def image(self, name: str) -> str:
        """The image that a task's Pod gets, where its component says `name`."""
        return next((found for rewrite in self.image_rewrites if (found := rewrite(name)) is not None), name)
