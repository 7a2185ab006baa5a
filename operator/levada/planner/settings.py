"""What the installation decides about task Pods, read once when the operator starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.frontend.pod_template import Allowed


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
