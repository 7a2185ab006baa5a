"""The parts of a Pod that decisions are made from, typed for msgspec: everything else is skipped while decoding."""

from __future__ import annotations

from datetime import datetime

import msgspec


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """Who a Pod belongs to."""

    uid: str
    api_version: str = ""
    kind: str = ""
    name: str = ""


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """Object metadata; times are UTC."""

    name: str
    namespace: str
    uid: str
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    owner_references: list[OwnerReference] = []


class Terminated(msgspec.Struct, frozen=True, rename="camel"):
    """A container that ended."""

    exit_code: int
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Running(msgspec.Struct, frozen=True, rename="camel"):
    """A container that runs."""

    started_at: datetime | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A container that has not started, or waits to be started again."""

    reason: str = ""
    message: str = ""


class ContainerState(msgspec.Struct, frozen=True):
    """One of the three, or none yet."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What the kubelet says of one container."""

    name: str
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    restart_count: int = 0


class Condition(msgspec.Struct, frozen=True):
    """A Pod condition."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class PodSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Where the Pod was placed, whether it is being stopped (`active_deadline_seconds`), and the grace it then gets."""

    node_name: str = ""
    active_deadline_seconds: int | None = None
    termination_grace_period_seconds: int = 30


class PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What the kubelet and the control plane say of the Pod."""

    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class PodView(msgspec.Struct, frozen=True):
    """A Pod as the planner sees it."""

    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def container(self, name: str) -> ContainerStatus | None:
        """The status of the container or sidecar called `name`, if the kubelet reported one."""
        statuses = (*self.status.container_statuses, *self.status.init_container_statuses)
        return next((status for status in statuses if status.name == name), None)

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if present."""
        return next((condition for condition in self.status.conditions if condition.type == type_), None)
