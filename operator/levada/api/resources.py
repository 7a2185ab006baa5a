"""What a container needs: shared by components and Pod templates."""

from typing import Annotated

from pydantic import Field

from levada.api.base import Model
from levada.api.fields import Quantity

Resources = Annotated[dict[str, Quantity], Field(max_length=32)]


class ResourceRequirements(Model):
    """What a container needs and may use, as in a Pod."""

    requests: Resources = Field(default_factory=dict)
    """What the node must have free, such as `{cpu: 500m, memory: 1Gi}`."""

    limits: Resources = Field(default_factory=dict)
    """What the container may use at most."""
