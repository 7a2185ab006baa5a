"""What a task does when an attempt goes wrong, when earlier results will do, and what stays after runs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from levada.api.base import Model
from levada.api.fields import Age, Duration, Flag, Integer, Quantity

Number = Annotated[float, Field(strict=True)]
RetryReason = Literal["Error", "OOMKilled", "Timeout"]
PodCleanup = Literal["OnSuccess", "OnCompletion", "Never"]


class Backoff(Model):
    """The waits between attempts: each is `factor` times the one before."""

    initial: Duration = "10s"
    """Wait before the second attempt."""

    factor: Annotated[Number, Field(ge=1, le=100)] = 2
    """How much longer each further wait is."""

    max: Duration = "5m"
    """Longest wait."""


class MoreMemory(Model):
    """More memory after each attempt that ran out of it."""

    factor: Annotated[Number, Field(gt=1, le=100)]
    """By how much the memory's limit and request grow."""

    max: Quantity
    """What they never grow beyond."""


class Escalation(Model):
    """What a further attempt gets more of."""

    memory: MoreMemory
    """More memory after an attempt that was `OOMKilled`. The task needs a memory limit for it."""


class Retry(Model):
    """Further attempts at a task that failed."""

    limit: Annotated[Integer, Field(ge=0, le=1000)] = 0
    """How many further attempts the task's own failures may cost."""

    reasons: Annotated[tuple[RetryReason, ...], Field(max_length=3)] | None = None
    """Which failures are tried again: `Error`, `OOMKilled`, `Timeout`; all of them where nothing is given."""

    exit_codes: Annotated[tuple[Annotated[Integer, Field(ge=1, le=255)], ...], Field(max_length=255)] | None = None
    """Which exit codes of an `Error` are tried again; all where nothing is given."""

    backoff: Backoff = Backoff()
    """The waits between attempts."""

    infra_limit: Annotated[Integer, Field(ge=0, le=1000)] = 5
    """How many further attempts failures of the machinery around the task may cost; they never count for `limit`."""

    escalate: Escalation | None = None
    """What a further attempt gets more of."""

    @model_validator(mode="after")
    def _codes_belong_to_errors(self) -> Self:
        if self.exit_codes is not None and self.reasons is not None and "Error" not in self.reasons:
            raise PydanticCustomError(
                "codes_without_error", "exitCodes chooses among failures for Error, which reasons does not name"
            )
        return self


class Cache(Model):
    """Earlier results of the same work are taken over instead of doing it again."""

    disabled: Flag = False
    """Whether nothing is taken over, whatever pipeline or run say."""

    max_staleness: Age | None = None
    """How old such a result may be, such as `7d` or `P7D`; of any age where nothing is given."""

    salt: Annotated[str, Field(max_length=253)] = ""
    """Results under another salt are not looked at: change it to have everything done anew."""

    key: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Stands for the values of all inputs: results of the same component and key are the same, whatever it was given.
    """

    single_flight: Flag = True
    """Whether a task waits for another that does the same work already."""


class HistoryLimit(Model):
    """How many finished runs of a Pipeline stay; the oldest beyond that are deleted."""

    successful: Annotated[Integer, Field(ge=0, le=100_000)] | None = None
    """Of those that succeeded; all where nothing is given."""

    failed: Annotated[Integer, Field(ge=0, le=100_000)] | None = None
    """Of those that failed or were cancelled; all where nothing is given."""
