"""What holds for a task whose attempts go wrong; durations in seconds, sizes in bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MoreMemory:
    """Memory grows by `factor` with each attempt that ran out of it, up to `most`."""

    factor: float
    most: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Further attempts.

    Attributes
    ----------
    limit
        How many the task's own failures may cost.
    reasons, exit_codes
        Which failures are tried again; of the reason Error, None takes every exit code.
    first, factor, longest
        The waits between attempts.
    infra_limit
        How many the failures of the machinery may cost.
    """

    limit: int = 0
    reasons: frozenset[str] = frozenset({"Error", "OOMKilled", "Timeout"})
    exit_codes: frozenset[int] | None = None
    first: int = 10
    factor: float = 2.0
    longest: int = 300
    infra_limit: int = 5
    memory: MoreMemory | None = None


NO_RETRY = Retry()
"""Of a task that asks for nothing: its own failures are final."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Earlier results of the same work may be taken over.

    Attributes
    ----------
    max_staleness
        How old they may be, in seconds; None for any age.
    salt
        Part of the cache key: results of another salt are not looked at.
    single_flight
        Whether a task waits for another that does the same work already.
    is_disabled
        Whether nothing is taken over after all, and the task says so.
    key
        Stands for the values of all inputs: work of the same component and key is the same.
    """

    max_staleness: int | None = None
    salt: str = ""
    single_flight: bool = True
    is_disabled: bool = False
    key: str | None = None
