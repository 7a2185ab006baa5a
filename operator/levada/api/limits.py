"""How much a run may be: one that is huge or hostile must not stop the others."""

from typing import Final

MOST_ITEMS: Final = 10_000
"""Iterations of one loop."""
MOST_TASKS: Final = 20_000
"""Tasks of a run all together, each nested pipeline and each iteration counted as one too: loops in loops, or ten
Pipelines that each refer ten times to the next, are few lines and millions of tasks."""
LONGEST_STATES: Final = 1_048_576
"""Characters in which the status keeps how all tasks stand."""
MOST_BYTES: Final = 1_500_000
"""Bytes of an object that the API server can store, somewhat less than its 1.5 MiB."""
