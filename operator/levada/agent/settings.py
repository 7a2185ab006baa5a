"""Where the agent finds things; tests move them by environment variables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from levada.planner.handoff import Assignment
from levada.store.errors import InvalidAssignmentError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """The agent's surroundings.

    Attributes
    ----------
    assignment
        The JSON text of what to do (`LEVADA_ASSIGNMENT`).
    store_folder
        The mounted settings of the store (`LEVADA_STORE_DIR`).
    ready_file
        Created when the inputs are in place; the startup probe looks for it (`LEVADA_READY_FILE`).
    termination_log
        Where the kubelet reads the report (`LEVADA_TERMINATION_LOG`).
    """

    assignment: str
    store_folder: Path
    ready_file: Path
    termination_log: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """The settings in `environment`, with what Pods have as defaults."""
        return cls(
            assignment=environment.get("LEVADA_ASSIGNMENT", ""),
            store_folder=Path(environment.get("LEVADA_STORE_DIR", "/levada/store")),
            ready_file=Path(environment.get("LEVADA_READY_FILE", "/levada/agent/ready")),
            termination_log=Path(environment.get("LEVADA_TERMINATION_LOG", "/dev/termination-log")),
        )

    def read_assignment(self) -> Assignment:
        """The parsed assignment."""
        if not self.assignment:
            raise InvalidAssignmentError("LEVADA_ASSIGNMENT is not set; the agent is started by the operator only")
        try:
            return msgspec.json.decode(self.assignment, type=Assignment)
        except msgspec.DecodeError as error:
            raise InvalidAssignmentError(
                f"LEVADA_ASSIGNMENT is not readable ({error}); operator and agent must be of one version"
            ) from None
