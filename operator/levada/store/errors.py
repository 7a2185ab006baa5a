"""What can go wrong with stores, inputs and outputs: one class per reason, each message with its cure.

`REASONS` lists the words that reach a task's status; `planner.reasons` says whose failure each one is.
"""

from __future__ import annotations

from typing import ClassVar, Final


class StoreError(Exception):
    """Anything that this package and the agent report; `reason` is a word for machines, the text is for people."""

    reason: ClassVar[str] = "StoreUnavailable"

    @property
    def message(self) -> str:
        """What happened and what to do about it; never holds a secret."""
        return str(self)


class StoreMisconfiguredError(StoreError):
    """The store's settings are wrong: an unknown key, a bucket that does not exist, a region that does not match."""

    reason = "StoreMisconfigured"


class StoreUnavailableError(StoreError):
    """The store cannot be reached, answers with errors of its own, or is too slow."""

    reason = "StoreUnavailable"


class StoreDeniedError(StoreError):
    """The store refuses our credentials for what we asked."""

    reason = "StoreDenied"


class StoreChangedError(StoreError):
    """The namespace's store is another one than that in which the run began."""

    reason = "StoreChanged"

    @staticmethod
    def text(url: str | None, began: str) -> str:
        """The message: the store's `url` now, and where the run `began`."""
        now = f"is at {url} now" if url else "is gone"
        return (
            f"the namespace's store {now}, but this run's results stand below {began}: a run keeps to one store; "
            "put the ConfigMap levada-store back, or start a new run"
        )


class UriRefusedError(StoreError):
    """A URI that is malformed, of an unknown scheme, or that may not be read or written from here."""

    reason = "UriRefused"


class InputGoneError(StoreError):
    """Nothing stands at the URI (any more)."""

    reason = "InputGone"


class DigestMismatchError(StoreError):
    """The content is not what was recorded."""

    reason = "DigestMismatch"


class UnverifiableError(StoreError):
    """The content cannot be fingerprinted by listing."""

    reason = "Unverifiable"


class UnsafeKeyError(StoreError):
    """A key that would be written outside of its folder, or that no file system can hold."""

    reason = "UnsafeKey"


class TooLargeError(StoreError):
    """An object that is larger than its reader takes."""

    reason = "TooLarge"


class OutputsLostError(StoreError):
    """The attempt has no complete manifest."""

    reason = "OutputsLost"


class OutputMissingError(StoreError):
    """The task did not write an output."""

    reason = "OutputMissing"


class OutputUnreadableError(StoreError):
    """The task wrote an output that the agent's user may not read."""

    reason = "OutputUnreadable"


class InvalidOutputError(StoreError):
    """An output that is not what its declaration says."""

    reason = "InvalidOutput"


class LinkOutsideError(StoreError):
    """An output holds a link that leads out of its folder."""

    reason = "LinkOutside"


class UnsupportedFileError(StoreError):
    """An output holds something that an object store cannot: a socket, a broken link, an impossible name."""

    reason = "UnsupportedFile"


class DiskFullError(StoreError):
    """No space left where we write."""

    reason = "DiskFull"


class StoppedError(StoreError):
    """The agent was told to stop before the task began."""

    reason = "Stopped"


class InvalidAssignmentError(StoreError):
    """The agent was started without a readable assignment."""

    reason = "InvalidAssignment"


class AgentFailedError(StoreError):
    """The agent met something that it has no word for."""

    reason = "AgentFailed"


REASONS: Final = frozenset(kind.reason for kind in StoreError.__subclasses__())
"""Every reason that an `AgentError` can carry or that a caller of this package can meet."""
