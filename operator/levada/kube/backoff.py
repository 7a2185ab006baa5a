"""How long to wait after something failed for the n-th time."""

import random


class Backoff:
    """Delays that double from `first` to `cap`, spread by jitter so that replicas do not march in step.

    Parameters
    ----------
    first
        Seconds after the first failure.
    cap
        The longest delay.
    """

    def __init__(self, first: float = 0.5, cap: float = 60.0) -> None:
        self._first = first
        self._cap = cap
        self.failures = 0

    def failed(self) -> float:
        """Count one more failure and say how long to wait: 75 to 100 % of the doubled delay."""
        delay = min(self._cap, self._first * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return delay * random.uniform(0.75, 1.0)  # noqa: S311  # jitter, not a secret

    def reset(self) -> None:
        """Start again from the first delay: it worked."""
        self.failures = 0
