"""The threads in which stores are asked: their own, so that one that hangs never keeps the lease from being renewed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Found = TypeVar("Found")

MOST: Final = 64
"""As many as the runs that are brought forward side by side ask for at once: none waits for another's store."""
_THREADS: Final = ThreadPoolExecutor(MOST, thread_name_prefix="store")


async def in_store_thread(work: Callable[..., Found], *arguments: object) -> Found:
    """What `work` returns or raises, in one of the threads for stores."""
    # Those of `asyncio.to_thread` read the service account's token: where they all wait for a store, the lease is lost.
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)
